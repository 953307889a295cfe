import { PlatformError } from '../../errors.ts';
import type { ClusterReader, ClusterWriter } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import type { StepContext } from '../kit.ts';
import { isLocked, lockCluster } from './admission-lock.ts';
import { destroyBackup } from './destroy-backup.ts';
import { destroySnapshots } from './destroy-snapshots.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { checkDrained, nameOf, openPatiently, passedOver, referenceTo } from './drain-world.ts';
import { suspendablesIn, suspensionOf } from './suspendables.ts';
import { pauseAfter, stopIfAborted } from './wait.ts';

/** Keeps anybody in the cluster from making again what is taken away: GitOps and autoscalers suspended, new entrances, volumes and workloads denied. */
export const destroySuspend = stepWhen({
  id: 'destroy-suspend',
  title: 'Suspend GitOps and autoscaling',
  needs: { inventory: destroyInventory, backup: destroyBackup, snapshots: destroySnapshots },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(10),
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: (ctx, { inventory }) =>
    checkDrained(ctx, inventory, { suspended: 0 }, async (cluster) => {
      const [running, locked] = await Promise.all([runningIn(cluster), isLocked(cluster)]);
      if (locked && running.length === 0)
        return {
          state: 'satisfied',
          output: { suspended: 0 },
          because: 'nothing heals or scales, and new objects are denied',
        };
      const preview = running.map(({ object }) => `suspend ${nameOf(object)}`);
      const because =
        running.length === 0 ? 'new objects are still accepted' : `${running.length} reconcilers still run`;
      return { state: 'needed', because, preview };
    }),
  apply: async (ctx, { inventory }) => {
    if (passedOver(ctx.config, inventory) !== undefined) return { suspended: 0 };
    const cluster = await openPatiently(ctx, inventory);
    const suspended = await suspendAll(ctx, cluster);
    await lockCluster(ctx, cluster, inventory.clusterId);
    return { suspended };
  },
});

async function runningIn(cluster: ClusterReader) {
  return (await suspendablesIn(cluster)).flatMap(({ suspendable, object }) => {
    const patch = object.metadata.deletionTimestamp === undefined ? suspensionOf(suspendable, object) : undefined;
    return patch === undefined ? [] : [{ object, patch }];
  });
}

/** Rounds, until a fresh listing shows none that runs: an application of applications heals its children until it is stopped itself. */
async function suspendAll(ctx: StepContext, cluster: ClusterWriter): Promise<number> {
  const since = ctx.clock.monotonic();
  const names = new Set<string>();
  for (;;) {
    stopIfAborted(ctx.signal);
    const running = await runningIn(cluster);
    if (running.length === 0) return names.size;
    for (const { object, patch } of running) {
      const name = nameOf(object);
      await ctx.audit({ action: 'suspend', target: name, because: 'it would make again what the teardown removes' });
      ctx.note(names.has(name) ? `suspending ${name} again: somebody put it back` : `suspending ${name}`);
      names.add(name);
      await cluster.merge(referenceTo(object), patch);
    }
    if (ctx.clock.monotonic() - since >= minutes(2)) throw putBack(running.map(({ object }) => nameOf(object)));
    await ctx.clock.sleep(pauseAfter(ctx.clock.monotonic() - since), ctx.signal);
  }
}

function putBack(names: readonly string[]): PlatformError {
  return new PlatformError('STEP_FAILED', {
    message: `somebody puts back what is suspended: ${names.join(', ')}`,
    next: [
      'Suspend whatever applies them (a parent application, another cluster, a pipeline), and run again.',
      'platform destroy --cleanup --aws-only: goes on without Kubernetes, by tags',
    ],
  });
}
