import { PlatformError } from '../../errors.ts';
import type { Machine } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import { type ReadContext, type StepContext, stepWhen } from '../kit.ts';
import { firstControlPlane } from '../names.ts';
import { fieldOf, textOf } from '../probes/fields.ts';
import { etcdSnapshot, madeOfEtcd, notSavedBecause, refuseLostBackup } from './backups.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { pauseAfter, stopIfAborted } from './wait.ts';

const unit = 'platform-etcd-backup.service';
/** Written by the unit on the machine (ansible/roles/etcd_backup) once S3 has confirmed the checksum. */
const outcome = '/var/lib/platform/etcd-backup.json';

type Snapshot = { readonly bucket: string; readonly key: string; readonly bytes: number };

/** One last snapshot of etcd, in the data bucket, before anything is destroyed. */
export const destroyBackup = stepWhen({
  id: 'destroy-backup',
  title: 'Last snapshot of etcd',
  needs: { inventory: destroyInventory },
  when: (config) => config.teardown !== undefined && config.teardown.backup !== 'none',
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(25),
  retry: { attempts: 2, firstDelay: 5000, maxDelay: 5000 },
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: async (ctx, { inventory }) => {
    const none = (because: string) => ({ state: 'satisfied', output: null, because }) as const;
    if (ctx.config.teardown !== undefined) refuseLostBackup(ctx.config.teardown);
    if (isSimulated(ctx)) return none('not checked: simulated machines run no etcd, nothing was backed up');
    // One that goes on makes no second snapshot: it would be one of a cluster that is half taken apart.
    const made = madeOfEtcd(await ctx.ledger.entries(), ctx.clock.now());
    if (made !== undefined) return none(`${made.id} was made for this teardown`);
    if (inventory.clusterId === '') return none('nothing was ever built');
    const impossible = notSavedBecause(ctx.config);
    if (impossible !== undefined) {
      if (ctx.config.teardown?.backup === 'volumes') return none(`etcd is not saved: ${impossible}`);
      throw withoutBucket(impossible);
    }
    const machines = await controlPlanes(ctx, inventory.clusterId);
    if (machines.length === 0) return none('no machine of the control plane is left');
    return {
      state: 'needed',
      because: 'etcd has no snapshot of now',
      preview: [`start ${unit} on ${machines[0]?.name}`],
    };
  },
  apply: async (ctx, { inventory }) => {
    const machines = await controlPlanes(ctx, inventory.clusterId);
    const snapshot = await takeSnapshot(ctx, machines);
    await awaitObject(ctx, snapshot);
    ctx.note(`${snapshot.bytes} bytes in s3://${snapshot.bucket}/${snapshot.key}`);
    await ctx.ledger.record([
      {
        kind: etcdSnapshot,
        id: `s3://${snapshot.bucket}/${snapshot.key}`,
        unique: { at: String(ctx.clock.now()), bytes: String(snapshot.bytes) },
        step: 'destroy-backup',
      },
    ]);
    await ctx.ledger.mirror();
    return null;
  },
});

const isSimulated = ({ config }: ReadContext): boolean =>
  config.target === 'sandbox' && config.sandbox.machines === 'simulated';

const withoutBucket = (because: string): PlatformError =>
  new PlatformError('CONFIG_INVALID', {
    message: `--backup needs a data bucket: ${because}`,
    next: [
      'save what you need by hand: etcdctl snapshot save on a control plane, then run again without --backup',
      'save the volumes alone: --backup volumes',
    ],
  });

/** Those that run, the first of the file first: that is where the unit was switched on. */
async function controlPlanes(ctx: ReadContext, clusterId: string): Promise<readonly Machine[]> {
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

/** Only the leader of etcd makes one, so each is asked until a new one is recorded. */
async function takeSnapshot(ctx: StepContext, machines: readonly Machine[]): Promise<Snapshot> {
  for (const machine of machines) {
    const before = await outcomeOn(ctx, machine);
    ctx.note(`${unit} on ${machine.name}`);
    const exit = await ctx.ssh.run(machine, ['sudo', '-n', 'systemctl', 'start', unit], ctx.signal);
    if (exit.code !== 0) throw await failed(ctx, machine);
    const after = await outcomeOn(ctx, machine);
    if (after !== undefined && after.key !== before?.key) return after;
  }
  throw new PlatformError('STEP_FAILED', {
    message: `no control plane made a snapshot: ${machines.map(({ name }) => name).join(', ')}`,
    next: [`read journalctl -u ${unit} there`, 'or run again without --backup: nothing is saved then'],
  });
}

async function outcomeOn(ctx: StepContext, machine: Machine): Promise<Snapshot | undefined> {
  const exit = await ctx.ssh.run(machine, ['sudo', '-n', 'cat', outcome], ctx.signal);
  if (exit.code !== 0) return undefined;
  const found = parse(exit.stdout);
  const [bucket, key, bytes] = [textOf(found, 'bucket'), textOf(found, 'key'), fieldOf(found, 'bytes')];
  const isStored = textOf(found, 'status') === 'stored';
  return isStored && bucket !== undefined && key !== undefined && typeof bytes === 'number'
    ? { bucket, key, bytes }
    : undefined;
}

async function failed(ctx: StepContext, machine: Machine): Promise<PlatformError> {
  const words = ['sudo', '-n', 'journalctl', '-u', unit, '-n', '5', '-o', 'cat'];
  const said = await ctx.ssh.run(machine, words, ctx.signal).catch(() => undefined);
  return new PlatformError('STEP_FAILED', {
    message: `the snapshot of etcd on ${machine.name} failed: ${said?.stdout.trim().split('\n').slice(-3).join(' ') || 'it said nothing'}`,
    next: [`read journalctl -u ${unit} there`, 'or run again without --backup: nothing is saved then'],
    class: 'transient',
  });
}

/** The machine says that it is there; only S3 knows. */
async function awaitObject(ctx: StepContext, { bucket, key, bytes }: Snapshot): Promise<void> {
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
