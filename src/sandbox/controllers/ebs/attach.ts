import { isPlatformError } from '../../../errors.ts';
import type { KubernetesObject } from '../../../tools/ports.ts';
import { refusedAs } from '../shared/aws.ts';
import { addFinalizer, dropFinalizer } from '../shared/controller.ts';
import type { Tools } from '../shared/controller.ts';
import { fieldOf, listOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';
import { driver } from './nodes.ts';

/** The attacher's, on both the attachment and its volume. */
const finalizer = 'external-attacher/ebs-csi-aws-com';

/** Answers the VolumeAttachments that the real attach-detach controller makes: attaches to the node's machine, and detaches again. */
export async function attachVolumes(
  tools: Tools,
  nodes: readonly KubernetesObject[],
  volumes: readonly KubernetesObject[],
): Promise<void> {
  const attachments = await tools.kubernetes.list('storage.k8s.io/v1', 'VolumeAttachment');
  await letGo(tools, volumes, attachments);
  for (const attachment of attachments) {
    if (textOf(attachment, 'spec', 'attacher') !== driver) continue;
    const volume = volumes.find(
      ({ metadata }) => metadata.name === textOf(attachment, 'spec', 'source', 'persistentVolumeName'),
    );
    const node = nodes.find(({ metadata }) => metadata.name === textOf(attachment, 'spec', 'nodeName'));
    const machine = textOf(node, 'spec', 'providerID')?.split('/').at(-1);
    const deleted = attachment.metadata.deletionTimestamp !== undefined;
    if (!deleted && fieldOf(attachment, 'status', 'attached') === true) continue;
    try {
      if (tools.failure !== undefined) throw new Error(tools.failure);
      if (deleted) await detach(tools, attachment, volume);
      else if (volume !== undefined && machine !== undefined) await attach(tools, attachment, volume, machine);
    } catch (error) {
      // Somebody was faster: the next round sees what is there now.
      if (isPlatformError(error) && error.facts['reason'] === 'Conflict') continue;
      const time = new Date(tools.clock.now()).toISOString();
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const field = deleted ? 'detachError' : 'attachError';
      if (textOf(attachment, 'status', field, 'message') === message) continue;
      tools.note(`${attachment.metadata.name}: ${message}`);
      await tools.kubernetes.patch(
        referenceTo(attachment),
        { status: { attached: deleted, [field]: { time, message } } },
        'status',
      );
    }
  }
}

/** A volume that is being deleted is let go once no attachment names it, as the external-attacher does. */
async function letGo(
  { kubernetes }: Tools,
  volumes: readonly KubernetesObject[],
  attachments: readonly KubernetesObject[],
): Promise<void> {
  const attached = new Set(attachments.map((one) => textOf(one, 'spec', 'source', 'persistentVolumeName')));
  for (const volume of volumes)
    if (volume.metadata.deletionTimestamp !== undefined && !attached.has(volume.metadata.name))
      await dropFinalizer(kubernetes, volume, finalizer);
}

async function attach(
  tools: Tools,
  attachment: KubernetesObject,
  volume: KubernetesObject,
  machine: string,
): Promise<void> {
  const { kubernetes, aws, note } = tools;
  await addFinalizer(kubernetes, volume, finalizer);
  await addFinalizer(kubernetes, attachment, finalizer);
  const VolumeId = textOf(volume, 'spec', 'csi', 'volumeHandle') ?? '';
  const live = listOf(await aws.ec2('DescribeVolumes', { VolumeId: [VolumeId] }), 'volumeSet')[0];
  const holder = listOf(live, 'attachmentSet')[0];
  let device = textOf(holder, 'device');
  if (textOf(holder, 'instanceId') !== machine) {
    device = await freeDevice(tools, machine);
    await aws.ec2('AttachVolume', { VolumeId, InstanceId: machine, Device: device });
    note(`attached ${VolumeId} to ${machine}`);
  }
  await kubernetes.patch(
    referenceTo(attachment),
    // A merge patch takes a field away with null.
    { status: { attached: true, attachmentMetadata: { devicePath: device }, attachError: null } },
    'status',
  );
}

/** The driver names devices from /dev/xvdaa on (pkg/cloud/devicemanager). */
async function freeDevice({ aws }: Tools, machine: string): Promise<string> {
  const Filter = [{ Name: 'attachment.instance-id', Value: [machine] }];
  const taken = listOf(await aws.ec2('DescribeVolumes', { Filter }), 'volumeSet').map((volume) =>
    textOf(listOf(volume, 'attachmentSet')[0], 'device'),
  );
  for (const first of 'abcdefghijklmnopqrstuvwxyz')
    for (const second of 'abcdefghijklmnopqrstuvwxyz')
      if (!taken.includes(`/dev/xvd${first}${second}`)) return `/dev/xvd${first}${second}`;
  throw new Error(`there are no device names available on ${machine}`);
}

async function detach(tools: Tools, attachment: KubernetesObject, volume: KubernetesObject | undefined): Promise<void> {
  const VolumeId = textOf(volume, 'spec', 'csi', 'volumeHandle');
  if (VolumeId !== undefined) await release(tools, VolumeId);
  await dropFinalizer(tools.kubernetes, attachment, finalizer);
}

async function release({ aws, note }: Tools, VolumeId: string): Promise<void> {
  try {
    const live = listOf(await aws.ec2('DescribeVolumes', { VolumeId: [VolumeId] }), 'volumeSet')[0];
    const holder = listOf(live, 'attachmentSet')[0];
    if (holder === undefined) return;
    const InstanceId = textOf(holder, 'instanceId');
    await aws.ec2('DetachVolume', { VolumeId, InstanceId, Device: textOf(holder, 'device') });
    note(`detached ${VolumeId} from ${InstanceId}`);
  } catch (error) {
    // Gone, or released with its machine, in between.
    if (!refusedAs(error, /^(IncorrectState|Invalid(Volume|Attachment|InstanceID)\.NotFound)$/)) throw error;
  }
}
