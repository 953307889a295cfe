import type { MemoryAws } from '../memory-aws/memory-aws.ts';
import type { MemoryCluster } from './memory-cluster.ts';
import type { Stored } from './objects.ts';

const finalizers = ['external-provisioner.volume.kubernetes.io/finalizer', 'external-attacher/ebs-csi-aws-com'];

const isDeployed = (cluster: MemoryCluster): boolean => {
  const deployment = cluster.find('Deployment', 'kube-system', 'ebs-csi-controller');
  return cluster.alive && deployment !== undefined && deployment.metadata.deletionTimestamp === undefined;
};

/** The EBS CSI driver in memory: a released PersistentVolume whose policy is Delete takes its volume with it. */
export function addEbsDriver(
  cluster: MemoryCluster,
  aws: MemoryAws,
  settings: { readonly delay: number; dead: boolean },
): void {
  const reclaim = (volume: Stored): void => {
    const released = volume.status?.['phase'] === 'Released' || volume.metadata.deletionTimestamp !== undefined;
    if (!cluster.has(volume) || !released) return;
    const bound = volume.metadata.finalizers.includes('kubernetes.io/pv-protection');
    if (bound) return;
    cluster.later(settings.delay, () => {
      if (settings.dead || !isDeployed(cluster) || !cluster.has(volume)) return;
      if (volume.spec?.['persistentVolumeReclaimPolicy'] !== 'Delete') {
        if (volume.metadata.deletionTimestamp !== undefined) cluster.release(volume, finalizers);
        return;
      }
      const csi = volume.spec?.['csi'] as { volumeHandle?: string } | undefined;
      const disk = aws.find('volume', csi?.volumeHandle ?? '');
      if (disk !== undefined) {
        detach(aws, disk.id);
        aws.removeAs('ebs', disk);
      }
      cluster.delete(volume);
      cluster.release(volume, finalizers);
    });
  };
  cluster.watchers.push((change, object) => {
    if (object.kind === 'PersistentVolume' && (change === 'changed' || change === 'deleting')) reclaim(object);
  });
}

export const volumeFinalizers: readonly string[] = ['kubernetes.io/pv-protection', ...finalizers];

/** No pod uses it any more: the machine lets it go. */
function detach(aws: MemoryAws, volume: string): void {
  for (const machine of aws.of('instance').values())
    if (machine.holds.some(({ kind, id }) => kind === 'volume' && id === volume))
      aws.change(machine, () => {
        machine.holds = machine.holds.filter(({ kind, id }) => kind !== 'volume' || id !== volume);
      });
}
