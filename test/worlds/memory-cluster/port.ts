import { PlatformError } from '../../../src/errors.ts';
import type { ClusterWriter, KubernetesObject, ObjectReference } from '../../../src/tools/ports-cluster.ts';
import { denial } from './admission.ts';
import type { MemoryCluster, Write } from './memory-cluster.ts';
import { type Draft, matches, merged, servedKinds, type Stored } from './objects.ts';

const roundTrip = 20;

/** The cluster as the product reaches it. Once `alive` says no, its calls never come back: it was killed. */
export function clusterPort(cluster: MemoryCluster, alive: () => boolean = () => true): ClusterWriter {
  const enter = async (write?: Omit<Write, 'at'>): Promise<void> => {
    if (!alive()) await new Promise(() => undefined);
    cluster.calls += 1;
    await cluster.clock.sleep(cluster.alive ? roundTrip : 1000);
    if (!alive()) await new Promise(() => undefined);
    if (!cluster.alive) throw unreachable(cluster);
    if (write !== undefined) cluster.writes.push({ at: cluster.clock.monotonic(), ...write });
  };
  const named = ({ kind, namespace, name }: ObjectReference): string =>
    `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const find = ({ kind, namespace, name }: ObjectReference): Stored | undefined => cluster.find(kind, namespace, name);
  return {
    identity: async () => {
      await enter();
      return cluster.identity;
    },
    raw: async () => {
      await enter();
      return { status: 200, body: 'ok' };
    },
    get: async (reference) => {
      await enter();
      return seen(find(reference));
    },
    list: async ({ kind, namespace, labels }) => {
      await enter();
      return cluster
        .list(kind, namespace)
        .filter(({ metadata }) => matches(metadata.labels, labels))
        .map((one) => seen(one) as KubernetesObject);
    },
    kinds: async () => {
      await enter();
      const proven = [...cluster.objects.values()].map(({ apiVersion, kind, metadata }) => ({
        apiVersion,
        kind,
        namespaced: metadata.namespace !== undefined,
      }));
      const all = new Map([...servedKinds, ...proven].map((one) => [one.kind, one]));
      return { kinds: [...all.values()], unavailable: [] };
    },
    dryRunCreate: async (object) => {
      await enter();
      refuseCreation(cluster, object);
      return object;
    },
    dryRunApply: async (object) => {
      await enter();
      const known = cluster.find(object.kind, object.metadata.namespace, object.metadata.name);
      return known === undefined
        ? { result: 'absent', because: `${object.kind} ${object.metadata.name} does not exist` }
        : { result: 'same', because: 'nothing would change' };
    },
    signClient: () => Promise.reject(new Error('a teardown asks for no certificate')),
    evict: () => Promise.reject(new Error('a teardown evicts nobody')),
    apply: async (object) => {
      await enter({ verb: 'apply', target: named({ ...object, ...object.metadata }) });
      const known = cluster.find(object.kind, object.metadata.namespace, object.metadata.name);
      if (known === undefined) {
        refuseCreation(cluster, object);
        const made = cluster.make(draftOf(object));
        if (made === undefined)
          throw refused(403, 'Forbidden', `${named({ ...object, ...object.metadata })} is forbidden`);
        return seen(made) as KubernetesObject;
      }
      patch(known, object);
      cluster.changed(known);
      return seen(known) as KubernetesObject;
    },
    remove: async (reference, options = {}) => {
      await enter({ verb: 'delete', target: named(reference) });
      const known = find(reference);
      if (known === undefined || (options.uid !== undefined && known.metadata.uid !== options.uid)) return;
      cluster.delete(known, options.propagation === 'orphan');
    },
    merge: async (reference, change) => {
      await enter({ verb: 'merge', target: named(reference) });
      const known = find(reference);
      if (known === undefined) return undefined;
      patch(known, change);
      cluster.changed(known);
      return seen(known);
    },
    releaseFinalizers: async (reference, uid, finalizers) => {
      await enter({ verb: 'release-finalizers', target: named(reference) });
      const known = find(reference);
      if (known !== undefined && known.metadata.uid === uid) cluster.release(known, finalizers);
    },
  };
}

/** A copy: what a caller holds does not change under its hands. */
const seen = (object: Stored | undefined): KubernetesObject | undefined =>
  object === undefined ? undefined : structuredClone(object);

function draftOf({ metadata, ...rest }: KubernetesObject): Draft {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  return {
    ...(structuredClone(rest) as Record<string, unknown>),
    apiVersion: rest.apiVersion,
    kind: rest.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...labels },
    annotations: { ...annotations },
    finalizers: finalizers ?? [],
  };
}

function patch(object: Stored, change: unknown): void {
  const { metadata, ...rest } = change as { metadata?: Record<string, unknown> };
  for (const [field, value] of Object.entries(rest))
    (object as Record<string, unknown>)[field] = merged(object[field], value);
  for (const field of ['labels', 'annotations'] as const)
    for (const [key, value] of Object.entries((metadata?.[field] ?? {}) as Record<string, string | null>)) {
      if (value === null) delete object.metadata[field][key];
      else object.metadata[field][key] = value;
    }
  if (Array.isArray(metadata?.['finalizers'])) object.metadata.finalizers = [...(metadata['finalizers'] as string[])];
}

function refuseCreation(cluster: MemoryCluster, object: KubernetesObject): void {
  const because = denial(cluster, object);
  if (because !== undefined) throw refused(403, 'Forbidden', `${object.metadata.name} is forbidden: ${because}`);
}

const refused = (status: number, reason: string, message: string): PlatformError =>
  new PlatformError('KUBERNETES', { message, facts: { status, reason } });

export const unreachable = (cluster: MemoryCluster): PlatformError =>
  new PlatformError('UNREACHABLE', {
    message: `the API server ${cluster.identity.server} cannot be reached: connection refused`,
    class: 'transient',
    facts: { server: cluster.identity.server, reason: 'ECONNREFUSED' },
  });
