import type {
  ClusterIdentity,
  ClusterReader,
  CollectionReference,
  KubernetesObject,
  ObjectReference,
} from '../ports-cluster.ts';
import { dryRunApply } from './dry-run-apply.ts';
import type { Connection } from './kubeconfig.ts';
import { readKinds } from './kinds.ts';
import { fieldManager } from './requests.ts';
import type { Requests } from './requests.ts';
import type { Call } from './transport.ts';

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
    kinds: () => readKinds(requests),

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

    dryRunApply: (object, manager = fieldManager) => dryRunApply(requests, object, manager),
  };
}

/** Pages of 500, as kubectl asks for them. */
async function listAll(requests: Requests, reference: CollectionReference): Promise<readonly KubernetesObject[]> {
  const path = await requests.pathOf(reference);
  if (path === undefined) return [];
  const items: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const call: Call = {
      method: 'GET',
      path,
      query: {
        limit: '500',
        ...(reference.labels !== undefined && { labelSelector: reference.labels }),
        ...(next !== undefined && { continue: next }),
      },
    };
    const answer = await requests.send(call);
    // A collection is there for as long as its kind: the definition was removed after we had learned of it.
    if (answer.status === 404) return [];
    const page = requests.accept(call, answer) as {
      readonly items?: readonly KubernetesObject[];
      readonly metadata?: { readonly continue?: string };
    };
    // Items of a list come without their own apiVersion and kind.
    for (const item of page.items ?? [])
      items.push({ ...item, apiVersion: reference.apiVersion, kind: reference.kind });
    next = page.metadata?.continue;
  } while (next !== undefined && next !== '');
  return items;
}
