import { isPlatformError } from '../../../errors.ts';
import type { Connection } from '../../../tools/kube/kubeconfig.ts';
import { clusterReader } from '../../../tools/kube/reader.ts';
import { openRequests } from '../../../tools/kube/requests.ts';
import { openTransport } from '../../../tools/kube/transport.ts';
import type { Call } from '../../../tools/kube/transport.ts';
import type { Clock, KubernetesObject, ObjectReference } from '../../../tools/ports.ts';

/** The Kubernetes API as one controller uses it. What it asks is under its own user agent, so that an audit log tells who did what. */
export interface Kubernetes {
  /** All objects of a kind, in one namespace or in all; none where the kind is not served. */
  list(apiVersion: string, kind: string, namespace?: string): Promise<readonly KubernetesObject[]>;
  get(reference: ObjectReference): Promise<KubernetesObject | undefined>;
  /** Makes an object; false when it is there already. */
  create(object: KubernetesObject): Promise<boolean>;
  /** Server-side apply with force: a controller owns what it writes. */
  apply(object: KubernetesObject): Promise<void>;
  /** JSON merge patch, of the status where told; with a resourceVersion in it, refused when somebody was faster. Fine when the object is gone. */
  patch(reference: ObjectReference, body: object, subresource?: 'status'): Promise<void>;
  /** Deletes in the background; fine when it is gone. */
  remove(reference: ObjectReference): Promise<void>;
  /** How many writes there were, Events left out: a round that wrote is followed by another one soon. */
  readonly writes: number;
  close(): void;
}

export const referenceTo = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});

/** `spend` is called before each write, and throws when there may be none any more. */
export function openKubernetes(
  connection: Connection,
  clock: Clock,
  userAgent: string,
  spend: () => void = () => {},
): Kubernetes {
  const transport = openTransport({ connection, clock, userAgent, deadline: 10_000 });
  const requests = openRequests(transport);
  const reader = clusterReader(requests, connection);
  let writes = 0;

  const pathOf = async (reference: Parameters<typeof requests.pathOf>[0]): Promise<string> => {
    const path = await requests.pathOf(reference);
    if (path === undefined) throw requests.noSuchKind(reference);
    return path;
  };
  const write = async (call: Call, fine: readonly number[], counts = true): Promise<number> => {
    spend();
    const answer = await requests.send(call);
    if (fine.includes(answer.status)) return answer.status;
    requests.accept(call, answer);
    if (counts) writes += 1;
    return answer.status;
  };

  return {
    get writes() {
      return writes;
    },
    close: () => transport.close(),
    get: (reference) => reader.get(reference),
    async list(apiVersion, kind, namespace) {
      try {
        return await reader.list({ apiVersion, kind, ...(namespace === undefined ? {} : { namespace }) });
      } catch (error) {
        // Discovery remembers a kind whose CRD is gone by now.
        if (isPlatformError(error) && error.facts['status'] === 404) return [];
        throw error;
      }
    },
    async create(object) {
      const named = await pathOf({ ...object, ...object.metadata });
      const path = named.slice(0, named.lastIndexOf('/'));
      return (
        (await write(
          { method: 'POST', path, query: { fieldManager: userAgent }, body: object },
          [409],
          object.kind !== 'Event',
        )) !== 409
      );
    },
    async apply(object) {
      const path = await pathOf({ ...object, ...object.metadata });
      const query = { fieldManager: userAgent, force: 'true' };
      await write({ method: 'PATCH', path, type: 'application/apply-patch+yaml', query, body: object }, []);
    },
    async patch(reference, body, subresource) {
      const path = await pathOf(reference);
      const type = 'application/merge-patch+json';
      const full = subresource === undefined ? path : `${path}/${subresource}`;
      await write(
        { method: 'PATCH', path: full, type, query: { fieldManager: userAgent }, body },
        [404],
        reference.kind !== 'Event',
      );
    },
    async remove(reference) {
      const path = await requests.pathOf(reference);
      if (path === undefined) return;
      await write({ method: 'DELETE', path, body: { propagationPolicy: 'Background' } }, [404]);
    },
  };
}
