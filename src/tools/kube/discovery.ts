import { refusal } from './errors.ts';
import type { Transport } from './transport.ts';

/** Where the objects of one kind are. */
export interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** From kind to plural and scope. What was found is kept; what is missing is asked for again, for a CRD may have come. */
export interface Discovery {
  /** undefined when the API server does not serve the kind. */
  find(apiVersion: string, kind: string): Promise<Resource | undefined>;
}

export function openDiscovery(transport: Transport): Discovery {
  const known = new Map<string, ReadonlyMap<string, Resource>>();
  const running = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  const load = (apiVersion: string): Promise<ReadonlyMap<string, Resource>> => {
    const current = running.get(apiVersion);
    if (current !== undefined) return current;
    const loading = readGroupVersion(transport, apiVersion).finally(() => running.delete(apiVersion));
    running.set(apiVersion, loading);
    return loading;
  };

  return {
    async find(apiVersion, kind) {
      const found = known.get(apiVersion)?.get(kind);
      if (found !== undefined) return found;
      const resources = await load(apiVersion);
      known.set(apiVersion, resources);
      return resources.get(kind);
    },
  };
}

async function readGroupVersion(transport: Transport, apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
  const path = groupPath(apiVersion);
  const answer = await transport.send({ method: 'GET', path });
  if (answer.status === 404) return new Map();
  if (answer.status >= 400)
    throw refusal({ method: 'GET', path, server: transport.server }, answer.status, answer.body);
  const list = JSON.parse(answer.body) as ResourceList;
  return new Map(
    list.resources
      // `deployments/status` and the like are no kinds of their own.
      .filter((resource) => !resource.name.includes('/'))
      .map((resource) => [resource.kind, { plural: resource.name, namespaced: resource.namespaced }]),
  );
}

/** `v1` is the core group below /api, everything else is below /apis. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The path of a collection, or of an object in it. A namespaced object without a namespace is in `default`. */
export function resourcePath(
  apiVersion: string,
  resource: Resource,
  namespace: string | undefined,
  name?: string,
): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${groupPath(apiVersion)}${scope}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
