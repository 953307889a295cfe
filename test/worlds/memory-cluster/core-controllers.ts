import type { MemoryCluster } from './memory-cluster.ts';
import type { Stored } from './objects.ts';

const soon = 400;

/** What the real controller manager does of it: garbage collection, namespaces, workloads, protection of claims in use. */
export function addCoreControllers(cluster: MemoryCluster): void {
  cluster.watchers.push((change, object) => {
    if (change === 'gone') {
      cluster.later(soon, () => {
        for (const one of cluster.dependantsOf(object)) cluster.delete(one);
      });
      const { namespace } = object.metadata;
      if (namespace !== undefined) finishNamespace(cluster, namespace);
      if (object.kind === 'Pod')
        for (const claim of cluster.list('PersistentVolumeClaim', namespace)) protect(cluster, claim);
      if (object.kind === 'Pod' || object.kind === 'PersistentVolumeClaim')
        for (const one of workloads(cluster)) run(cluster, one);
      if (object.kind === 'PersistentVolumeClaim') releaseVolumes(cluster, object);
    }
    if (change === 'deleting' && object.kind === 'Namespace')
      cluster.later(soon, () => {
        for (const one of cluster.inNamespace(object.metadata.name)) cluster.delete(one);
        finishNamespace(cluster, object.metadata.name);
      });
    if (change === 'deleting' && object.kind === 'PersistentVolumeClaim') protect(cluster, object);
    if ((change === 'made' || change === 'changed') && isWorkload(object)) run(cluster, object);
  });
}

const isWorkload = ({ kind }: Stored): boolean => kind === 'Deployment' || kind === 'StatefulSet';
const workloads = (cluster: MemoryCluster): Stored[] => [...cluster.list('Deployment'), ...cluster.list('StatefulSet')];

export const claimsOf = (workload: Stored): readonly string[] =>
  (workload.metadata.annotations['memory/claims'] ?? '').split(',').filter((name) => name !== '');

/** One pod for each workload that wants any; a StatefulSet makes the claims that it misses. */
function run(cluster: MemoryCluster, workload: Stored): void {
  cluster.later(soon, () => {
    if (!cluster.has(workload)) return;
    const { name, namespace = '' } = workload.metadata;
    const pod = cluster.find('Pod', namespace, `${name}-0`);
    const wanted = workload.metadata.deletionTimestamp === undefined && (workload.spec?.['replicas'] ?? 1) !== 0;
    if (!wanted) {
      if (pod !== undefined) cluster.delete(pod);
      return;
    }
    if (pod !== undefined) return;
    const claims = claimsOf(workload);
    for (const claim of workload.kind === 'StatefulSet' ? claims : [])
      cluster.make({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name: claim,
        finalizers: ['kubernetes.io/pvc-protection'],
        spec: { storageClassName: 'gp3' },
        status: { phase: 'Pending' },
      });
    cluster.make({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace,
      name: `${name}-0`,
      owner: workload,
      spec: {
        nodeName: cluster.list('Node')[0]?.metadata.name ?? '',
        volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
      },
    });
  });
}

/** A claim goes only when no pod uses it. */
function protect(cluster: MemoryCluster, claim: Stored): void {
  if (claim.metadata.deletionTimestamp === undefined) return;
  cluster.later(soon, () => {
    const used = cluster
      .list('Pod', claim.metadata.namespace)
      .some((pod) => JSON.stringify(pod.spec ?? {}).includes(`"claimName":"${claim.metadata.name}"`));
    if (!used) cluster.release(claim, ['kubernetes.io/pvc-protection']);
  });
}

function releaseVolumes(cluster: MemoryCluster, claim: Stored): void {
  for (const volume of cluster.list('PersistentVolume')) {
    const bound = volume.spec?.['claimRef'] as { uid?: string } | undefined;
    if (bound?.uid !== claim.metadata.uid) continue;
    volume.status = { phase: 'Released' };
    cluster.release(volume, ['kubernetes.io/pv-protection']);
    cluster.changed(volume);
  }
}

function finishNamespace(cluster: MemoryCluster, name: string): void {
  const namespace = cluster.find('Namespace', undefined, name);
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  if ([...cluster.objects.values()].some(({ metadata }) => metadata.namespace === name)) return;
  cluster.release(namespace, ['kubernetes']);
}
