import type { KubernetesObject } from '../../../tools/ports.ts';
import { refusedAs, tagList } from '../shared/aws.ts';
import { dropFinalizer } from '../shared/controller.ts';
import type { Tools } from '../shared/controller.ts';
import { report } from '../shared/events.ts';
import { fieldOf, listOf, recordOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';
import { driver } from './nodes.ts';
import { gibibytes, volumeTags } from './volume-tags.ts';

const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
const zoneLabel = 'topology.kubernetes.io/zone';
const component = 'ebs.csi.aws.com';

export interface Storage {
  readonly controller: KubernetesObject;
  readonly classes: readonly KubernetesObject[];
  readonly claims: readonly KubernetesObject[];
  readonly volumes: readonly KubernetesObject[];
  /** Those with the driver on them. */
  readonly nodes: readonly KubernetesObject[];
}

/** Makes a volume for each claim that waits for this driver: in the zone of the node that the scheduler chose for the first pod. */
export async function provision(tools: Tools, storage: Storage): Promise<void> {
  for (const claim of storage.claims) {
    const storageClass = storage.classes.find((one) => one.metadata.name === textOf(claim, 'spec', 'storageClassName'));
    if (storageClass === undefined || !waits(claim, storageClass)) continue;
    try {
      if (tools.failure !== undefined) throw new Error(tools.failure);
      await provisionOne(tools, storage, claim, storageClass);
    } catch (error) {
      const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
      tools.note(message);
      await report(tools, claim, { type: 'Warning', reason: 'ProvisioningFailed', message, component });
    }
  }
}

function waits(claim: KubernetesObject, storageClass: KubernetesObject): boolean {
  const annotations = claim.metadata.annotations ?? {};
  if (textOf(storageClass, 'provisioner') !== driver || claim.metadata.deletionTimestamp !== undefined) return false;
  // Set by the controllers of Kubernetes: that it is this driver's turn, and where.
  if (
    annotations['volume.kubernetes.io/storage-provisioner'] !== driver ||
    textOf(claim, 'spec', 'volumeName') !== undefined
  )
    return false;
  return (
    textOf(storageClass, 'volumeBindingMode') !== 'WaitForFirstConsumer' ||
    annotations['volume.kubernetes.io/selected-node'] !== undefined
  );
}

async function provisionOne(
  tools: Tools,
  storage: Storage,
  claim: KubernetesObject,
  storageClass: KubernetesObject,
): Promise<void> {
  const { kubernetes, aws, note } = tools;
  const { name, namespace = 'default', uid = '', annotations } = claim.metadata;
  const volume = `pvc-${uid}`;
  if (storage.volumes.some(({ metadata }) => metadata.name === volume)) return;
  const selected = annotations?.['volume.kubernetes.io/selected-node'];
  const node = storage.nodes.find(({ metadata }) => (selected === undefined ? true : metadata.name === selected));
  const zone = node?.metadata.labels?.[zoneLabel];
  if (zone === undefined)
    throw new Error(`error getting CSINode for selected node "${selected ?? ''}": no topology key found`);
  const parameters = recordOf(storageClass, 'parameters');
  const size = gibibytes(textOf(claim, 'spec', 'resources', 'requests', 'storage') ?? '1Gi');
  // Found again after a crash between the two writes: the driver does it by the client token.
  const found = await aws.ec2('DescribeVolumes', { Filter: [{ Name: 'tag:CSIVolumeName', Value: [volume] }] });
  const made =
    listOf(found, 'volumeSet')[0] ??
    (await aws.ec2('CreateVolume', {
      AvailabilityZone: zone,
      Size: size,
      VolumeType: textOf(parameters, 'type') ?? 'gp3',
      Encrypted: textOf(parameters, 'encrypted') === 'true',
      ClientToken: volume,
      TagSpecification: [
        { ResourceType: 'volume', Tag: [...tagList(volumeTags(storage.controller, { name, namespace }, volume))] },
      ],
    }));
  await kubernetes.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volume,
      finalizers: [provisionerFinalizer],
      annotations: { 'pv.kubernetes.io/provisioned-by': driver },
    },
    spec: {
      accessModes: fieldOf(claim, 'spec', 'accessModes'),
      capacity: { storage: `${size}Gi` },
      volumeMode: textOf(claim, 'spec', 'volumeMode') ?? 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: textOf(storageClass, 'reclaimPolicy') ?? 'Delete',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name,
        namespace,
        uid,
        resourceVersion: claim.metadata.resourceVersion,
      },
      csi: {
        driver,
        volumeHandle: textOf(made, 'volumeId') ?? '',
        fsType: textOf(parameters, 'csi.storage.k8s.io/fstype') ?? 'ext4',
      },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zoneLabel, operator: 'In', values: [zone] }] }] },
      },
    },
  });
  note(`made ${textOf(made, 'volumeId')} in ${zone} for ${namespace}/${name}`);
}

/** Removes what nobody claims any more: the volume first, then the object, and last its finalizer. A volume in use is tried again. */
export async function reclaim(tools: Tools, volumes: readonly KubernetesObject[]): Promise<void> {
  for (const volume of volumes) {
    const own = textOf(volume, 'spec', 'csi', 'driver') === driver;
    if (!own || textOf(volume, 'spec', 'persistentVolumeReclaimPolicy') !== 'Delete') continue;
    if (textOf(volume, 'status', 'phase') !== 'Released') continue;
    try {
      if (tools.refusal !== undefined) throw new Error(tools.refusal);
      if (!tools.leaks) await deleteVolume(tools, textOf(volume, 'spec', 'csi', 'volumeHandle') ?? '');
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      await report(tools, volume, { type: 'Warning', reason: 'VolumeFailedDelete', message, component });
      continue;
    }
    if (volume.metadata.deletionTimestamp === undefined) await tools.kubernetes.remove(referenceTo(volume));
    const live = await tools.kubernetes.get(referenceTo(volume));
    if (live !== undefined) await dropFinalizer(tools.kubernetes, live, provisionerFinalizer);
  }
}

async function deleteVolume({ aws, note }: Tools, id: string): Promise<void> {
  try {
    await aws.ec2('DeleteVolume', { VolumeId: id });
    note(`removed ${id}`);
  } catch (error) {
    if (!refusedAs(error, /^InvalidVolume\.NotFound$/)) throw error;
  }
}
