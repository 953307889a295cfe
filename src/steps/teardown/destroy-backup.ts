import { PlatformError } from '../../errors.ts';
import { minutes } from '../durations.ts';
import { awaitObject, runningControlPlanes, takeSnapshot } from '../etcd-snapshot.ts';
import { type ReadContext, stepWhen } from '../kit.ts';
import { etcdSnapshot, madeOfEtcd, notSavedBecause, refuseLostBackup } from './backups.ts';
import { destroyInventory } from './destroy-inventory.ts';

const unit = 'platform-etcd-backup.service';
const wayOut = 'or run again without --backup: nothing is saved then';

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
    const machines = await runningControlPlanes(ctx, inventory.clusterId);
    if (machines.length === 0) return none('no machine of the control plane is left');
    return {
      state: 'needed',
      because: 'etcd has no snapshot of now',
      preview: [`start ${unit} on ${machines[0]?.name}`],
    };
  },
  apply: async (ctx, { inventory }) => {
    const machines = await runningControlPlanes(ctx, inventory.clusterId);
    const snapshot = await takeSnapshot(ctx, machines, wayOut);
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
