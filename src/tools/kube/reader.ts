import type {
  ClusterIdentity,
  ClusterReader,
  CollectionReference,
  KubernetesObject,
  ObjectReference,
} from '../ports-cluster.ts';
import { differences, summarize } from './compare.ts';
import { openDiscovery, resourcePath } from './discovery.ts';
import type { Resource } from './discovery.ts';
import { conflictsOf, refusal } from './errors.ts';
import type { Connection } from './kubeconfig.ts';
import type { Answer, Call, Transport } from './transport.ts';

/** Our field manager: the owner of what `platform` applies. */
export const fieldManager = 'platform';

/** What reader and writer both stand on. */
export interface Requests {
  /** Path of an object or collection; undefined when the server does not serve the kind. */
  pathOf(reference: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name?: string;
  }): Promise<string | undefined>;
  /** The body of a successful answer; any other status is KUBERNETES. */
  expect(call: Call): Promise<unknown>;
  send(call: Call): Promise<Answer>;
  /** The body of an answer that is already there, under the same rule as `expect`. */
  accept(call: Call, answer: Answer): unknown;
  /** The error for a kind that the server does not serve. */
  noSuchKind(object: { readonly apiVersion: string; readonly kind: string }): Error;
}

/** The error-mapping layer over a transport. */
export function openRequests(transport: Transport): Requests {
  const discovery = openDiscovery(transport);
  const accept = (call: Call, answer: Answer): unknown => {
    if (answer.status >= 400)
      throw refusal({ method: call.method, path: call.path, server: transport.server }, answer.status, answer.body);
    return JSON.parse(answer.body);
  };
  return {
    send: (call) => transport.send(call),
    accept,
    expect: async (call) => accept(call, await transport.send(call)),
    async pathOf(reference) {
      const resource = await discovery.find(reference.apiVersion, reference.kind);
      return resource && resourcePath(reference.apiVersion, resource, namespaceOf(resource, reference), reference.name);
    },
    noSuchKind: ({ apiVersion, kind }) =>
      refusal(
        { method: 'GET', path: `${apiVersion} ${kind}`, server: transport.server },
        404,
        JSON.stringify({
          reason: 'KindNotFound',
          message: `the server does not serve the kind ${kind} in ${apiVersion}`,
        }),
      ),
  };
}

/** An object without a namespace is in `default`; a collection without one is over all of them. */
function namespaceOf(
  resource: Resource,
  reference: { readonly namespace?: string; readonly name?: string },
): string | undefined {
  return reference.namespace ?? (resource.namespaced && reference.name !== undefined ? 'default' : undefined);
}

/** The reading half of a cluster. Dry-runs are requests that the server itself promises not to store. */
export function clusterReader(requests: Requests, connection: Connection): ClusterReader {
  const get = async (reference: ObjectReference): Promise<KubernetesObject | undefined> => {
    const path = await requests.pathOf(reference);
    if (path === undefined) return undefined;
    const call: Call = { method: 'GET', path };
    const answer = await requests.send(call);
    return answer.status === 404 ? undefined : (requests.accept(call, answer) as KubernetesObject);
  };

  const identity = async (): Promise<ClusterIdentity> => {
    const namespace = (await requests.expect({
      method: 'GET',
      path: '/api/v1/namespaces/kube-system',
    })) as KubernetesObject;
    return { server: connection.server.origin, authority: connection.authority, uid: namespace.metadata.uid ?? '' };
  };

  return {
    identity,
    raw: (path) => requests.send({ method: 'GET', path }),
    get,
    list: (reference) => listAll(requests, reference),

    async dryRunCreate(object) {
      const named = await requests.pathOf({ ...object, ...object.metadata });
      if (named === undefined) throw requests.noSuchKind(object);
      const created = await requests.expect({
        method: 'POST',
        path: named.slice(0, named.lastIndexOf('/')),
        query: { dryRun: 'All', fieldManager, fieldValidation: 'Strict' },
        body: object,
      });
      return created as KubernetesObject;
    },

    async dryRunApply(object, manager = fieldManager) {
      const path = await requests.pathOf({ ...object, ...object.metadata });
      if (path === undefined) return { result: 'absent', because: `the kind ${object.kind} is not installed` };
      const call: Call = {
        ...applyCall(path, object, manager),
        query: { dryRun: 'All', fieldManager: manager, fieldValidation: 'Strict' },
      };
      const look: Call = { method: 'GET', path };
      const [live, dry] = await Promise.all([requests.send(look), requests.send(call)]);
      const conflicts = dry.status === 409 ? conflictsOf(dry.body) : [];
      if (conflicts.length > 0) return { result: 'differs', because: summarize(conflicts) };
      // A manifest in a namespace that is still to be made.
      if (live.status === 404 && dry.status === 404)
        return { result: 'absent', because: `the namespace ${object.metadata.namespace ?? 'default'} does not exist` };
      const wanted = requests.accept(call, dry) as KubernetesObject;
      if (live.status === 404)
        return { result: 'absent', because: `${object.kind} ${object.metadata.name} does not exist` };
      const found = differences(requests.accept(look, live) as KubernetesObject, wanted);
      return found.length === 0
        ? { result: 'same', because: `${object.kind} ${object.metadata.name} is as wanted` }
        : { result: 'differs', because: `${object.kind} ${object.metadata.name}: ${summarize(found)}` };
    },
  };
}

/** A server-side apply without force. JSON is YAML, which is what this content type asks for. */
export function applyCall(path: string, object: KubernetesObject, manager: string): Call {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    method: 'PATCH',
    path,
    type: 'application/apply-patch+yaml',
    query: { fieldManager: manager, fieldValidation: 'Strict' },
    body: { ...object, metadata },
  };
}

/** Pages of 500, as kubectl asks for them. */
async function listAll(requests: Requests, reference: CollectionReference): Promise<readonly KubernetesObject[]> {
  const path = await requests.pathOf(reference);
  if (path === undefined) return [];
  const items: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const page = (await requests.expect({
      method: 'GET',
      path,
      query: {
        limit: '500',
        ...(reference.labels !== undefined && { labelSelector: reference.labels }),
        ...(next !== undefined && { continue: next }),
      },
    })) as { readonly items?: readonly KubernetesObject[]; readonly metadata?: { readonly continue?: string } };
    // Items of a list come without their own apiVersion and kind.
    for (const item of page.items ?? [])
      items.push({ ...item, apiVersion: reference.apiVersion, kind: reference.kind });
    next = page.metadata?.continue;
  } while (next !== undefined && next !== '');
  return items;
}
