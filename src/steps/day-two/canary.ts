import type { ClusterReader, ClusterWriter, KubernetesObject } from '../../tools/ports.ts';
import { textOf } from '../probes/fields.ts';

const reference = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: 'kube-system',
  name: 'platform-backup-canary',
} as const;

/** What a canary says: a word that no other has, and whose cluster it lives in. */
export interface Canary {
  readonly word: string;
  readonly cluster: string;
  /** ISO 8601: when it was written. */
  readonly at: string;
}

/** Writes the canary before a snapshot: where that snapshot is restored, the same word must be found again. */
export async function writeCanary(cluster: ClusterWriter, { word, cluster: id, at }: Canary): Promise<void> {
  const { apiVersion, kind, namespace, name } = reference;
  const labels = { 'app.kubernetes.io/managed-by': 'platform' };
  const object: KubernetesObject = {
    apiVersion,
    kind,
    metadata: { name, namespace, labels },
    data: { word, cluster: id, at },
  };
  await cluster.apply(object);
}

/** The canary that lives in the cluster now; undefined when there is none. */
export async function readCanary(cluster: ClusterReader): Promise<Canary | undefined> {
  const found = await cluster.get(reference);
  const [word, id, at] = ['word', 'cluster', 'at'].map((field) => textOf(found, 'data', field));
  return word === undefined || id === undefined ? undefined : { word, cluster: id, at: at ?? '' };
}
