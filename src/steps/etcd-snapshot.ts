import { PlatformError } from '../errors.ts';
import type { AwsReader, Clock, Machine, SshReader } from '../tools/ports.ts';
import type { PlatformConfig } from '../config/config.ts';
import { seconds } from './durations.ts';
import { firstControlPlane } from './names.ts';
import { numberOf, textOf } from './probes/fields.ts';
import { pauseAfter, stopIfAborted } from './teardown/wait.ts';

const unit = 'platform-etcd-backup.service';
/** Written by the unit on the machine (ansible/roles/etcd_backup) once S3 has confirmed the checksum. */
export const outcomeOfBackup = '/var/lib/platform/etcd-backup.json';

/** A snapshot that the machine has stored; what etcdutl read in it before it was sent. */
export interface StoredSnapshot {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256?: string;
  readonly revision?: number;
  readonly keys?: number;
}

/** What is needed to make a snapshot. */
export interface SnapshotWorld {
  readonly config: PlatformConfig;
  readonly aws: Pick<AwsReader, 'instances' | 'objectSize'>;
  readonly ssh: Pick<SshReader, 'run'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** The control planes that run, the first of the file first: that is where the unit was switched on. */
export async function runningControlPlanes(ctx: SnapshotWorld, clusterId: string): Promise<readonly Machine[]> {
  const { config } = ctx;
  const first = firstControlPlane(config);
  return (await ctx.aws.instances(clusterId))
    .filter(({ node, state }) => config.nodes[node]?.role === 'control-plane' && state === 'running')
    .toSorted((one, other) => Number(other.node === first) - Number(one.node === first))
    .map(({ node, publicAddress, privateAddress }) => ({
      name: node,
      address: publicAddress === '' ? privateAddress : publicAddress,
      user: config.access.sshUser,
      key: config.access.sshKey,
    }));
}

/** Makes a snapshot now; `wayOut` is what a person may do instead where that fails. Only the leader of etcd makes one, so each control plane is asked until a new one is recorded. */
export async function takeSnapshot(
  ctx: SnapshotWorld,
  machines: readonly Machine[],
  wayOut: string,
): Promise<StoredSnapshot> {
  for (const machine of machines) {
    const before = await outcomeOn(ctx, machine);
    ctx.note(`${unit} on ${machine.name}`);
    const exit = await ctx.ssh.run(machine, ['sudo', '-n', 'systemctl', 'start', unit], ctx.signal);
    if (exit.code !== 0) throw await failed(ctx, machine, wayOut);
    const after = await outcomeOn(ctx, machine);
    if (after !== undefined && after.key !== before?.key) return after;
  }
  throw new PlatformError('STEP_FAILED', {
    message: `no control plane made a snapshot: ${machines.map(({ name }) => name).join(', ')}`,
    next: [`read journalctl -u ${unit} there`, wayOut],
  });
}

/** Has the machines begin one, without waiting: those that do not lead end at once. */
export async function beginSnapshot(ctx: SnapshotWorld, machines: readonly Machine[], wayOut: string): Promise<void> {
  for (const machine of machines) {
    const words = ['sudo', '-n', 'systemctl', 'start', '--no-block', unit];
    const exit = await ctx.ssh.run(machine, words, ctx.signal);
    if (exit.code !== 0) throw await failed(ctx, machine, wayOut);
  }
}

async function outcomeOn(ctx: SnapshotWorld, machine: Machine): Promise<StoredSnapshot | undefined> {
  const exit = await ctx.ssh.run(machine, ['sudo', '-n', 'cat', outcomeOfBackup], ctx.signal);
  if (exit.code !== 0) return undefined;
  const found = parse(exit.stdout);
  const [bucket, key, bytes] = [textOf(found, 'bucket'), textOf(found, 'key'), numberOf(found, 'bytes')];
  if (textOf(found, 'status') !== 'stored' || bucket === undefined || key === undefined || bytes === undefined)
    return undefined;
  const [sha256, revision, keys] = [textOf(found, 'sha256'), numberOf(found, 'revision'), numberOf(found, 'keys')];
  return {
    bucket,
    key,
    bytes,
    ...(sha256 !== undefined && { sha256 }),
    ...(revision !== undefined && { revision }),
    ...(keys !== undefined && { keys }),
  };
}

async function failed(ctx: SnapshotWorld, machine: Machine, wayOut: string): Promise<PlatformError> {
  const words = ['sudo', '-n', 'journalctl', '-u', unit, '-n', '5', '-o', 'cat'];
  const said = await ctx.ssh.run(machine, words, ctx.signal).catch(() => undefined);
  return new PlatformError('STEP_FAILED', {
    message: `the snapshot of etcd on ${machine.name} failed: ${said?.stdout.trim().split('\n').slice(-3).join(' ') || 'it said nothing'}`,
    next: [`read journalctl -u ${unit} there`, wayOut],
    class: 'transient',
  });
}

/** The machine says that it is there; only S3 knows. */
export async function awaitObject(
  ctx: SnapshotWorld,
  { bucket, key, bytes }: Pick<StoredSnapshot, 'bucket' | 'key' | 'bytes'>,
): Promise<void> {
  const since = ctx.clock.monotonic();
  for (;;) {
    stopIfAborted(ctx.signal);
    const size = await ctx.aws.objectSize(bucket, key);
    if (size === bytes) return;
    const spent = ctx.clock.monotonic() - since;
    if (spent >= seconds(30))
      throw new PlatformError('STEP_FAILED', {
        message: `s3://${bucket}/${key} ${size === undefined ? 'is not there' : `has ${size} bytes instead of ${bytes}`}, though the machine stored it`,
        next: ['look at the bucket, then run the same command again'],
      });
    ctx.note(`waiting for s3://${bucket}/${key}`);
    await ctx.clock.sleep(pauseAfter(spent), ctx.signal);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
