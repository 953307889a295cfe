import type { ClusterReader, KubernetesObject, ObjectReference } from '../../tools/ports.ts';
import { conditionOf, fieldOf, listOf, textOf } from '../probes/fields.ts';

/** What stores data in the cluster, and who uses it, at one moment. */
export interface Storage {
  readonly claims: readonly KubernetesObject[];
  /** Volumes that go with their claims: dynamically made, reclaim policy Delete. */
  readonly volumes: readonly KubernetesObject[];
  /** Volumes whose data outlives the cluster: reclaim policy Retain. */
  readonly retained: readonly KubernetesObject[];
  /** Pods that use claims. */
  readonly users: readonly KubernetesObject[];
  /** Nodes whose kubelet does not answer: pods there never end. */
  readonly lostNodes: ReadonlySet<string>;
}

export async function storageIn(cluster: ClusterReader): Promise<Storage> {
  const list = (kind: string): Promise<readonly KubernetesObject[]> => cluster.list({ apiVersion: 'v1', kind });
  const [claims, volumes, pods, nodes] = await Promise.all([
    list('PersistentVolumeClaim'),
    list('PersistentVolume'),
    list('Pod'),
    list('Node'),
  ]);
  const made = volumes.filter(isProvisioned);
  const isRetained = (volume: KubernetesObject): boolean =>
    textOf(volume, 'spec', 'persistentVolumeReclaimPolicy') === 'Retain';
  return {
    claims,
    volumes: made.filter((volume) => textOf(volume, 'spec', 'persistentVolumeReclaimPolicy') === 'Delete'),
    retained: made.filter(isRetained),
    users: pods.filter((pod) => claimsOf(pod).length > 0),
    lostNodes: new Set(
      nodes.filter((node) => conditionOf(node, 'Ready')?.status !== 'True').map(({ metadata }) => metadata.name),
    ),
  };
}

/** Made for a claim by a provisioner: only those vanish by themselves, and only those have a volume in AWS that is the cluster's own. */
function isProvisioned(volume: KubernetesObject): boolean {
  return volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === 'ebs.csi.aws.com';
}

/** Names of the claims that a pod mounts, those of its generic ephemeral volumes included (POD-VOLUME). */
function claimsOf(pod: KubernetesObject): readonly string[] {
  return listOf(pod, 'spec', 'volumes').flatMap((volume) => {
    const named = textOf(volume, 'persistentVolumeClaim', 'claimName');
    const ephemeral = fieldOf(volume, 'ephemeral') === undefined ? undefined : textOf(volume, 'name');
    return [
      ...(named === undefined ? [] : [named]),
      ...(ephemeral === undefined ? [] : [`${pod.metadata.name}-${ephemeral}`]),
    ];
  });
}

export const isUsedBy = (claim: KubernetesObject, pod: KubernetesObject): boolean =>
  pod.metadata.namespace === claim.metadata.namespace && claimsOf(pod).includes(claim.metadata.name);

/** The EC2 id of a volume. */
export const handleOf = (volume: KubernetesObject): string | undefined => textOf(volume, 'spec', 'csi', 'volumeHandle');

/** Kinds of Kubernetes itself that make pods again; whatever owns one of these is another program's, and is not touched here. */
const makers: Readonly<Record<string, string>> = {
  ReplicaSet: 'apps/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  ReplicationController: 'v1',
};

/** The workload at the top of a pod's owners; undefined for a pod of its own. */
export async function makerOf(cluster: ClusterReader, pod: KubernetesObject): Promise<KubernetesObject | undefined> {
  let maker: KubernetesObject | undefined;
  for (;;) {
    const owner = ownerOf(maker ?? pod);
    const found = owner === undefined ? undefined : await cluster.get(owner);
    if (found === undefined || found.metadata.uid !== owner?.uid) return maker;
    maker = found;
  }
}

function ownerOf(object: KubernetesObject): (ObjectReference & { readonly uid: string }) | undefined {
  const owner = listOf(object, 'metadata', 'ownerReferences').find((one) => fieldOf(one, 'controller') === true);
  const [kind = '', name = '', uid = ''] = ['kind', 'name', 'uid'].map((field) => textOf(owner, field));
  const apiVersion = makers[kind];
  if (apiVersion === undefined || textOf(owner, 'apiVersion') !== apiVersion) return undefined;
  return { apiVersion, kind, namespace: object.metadata.namespace ?? 'default', name, uid };
}
