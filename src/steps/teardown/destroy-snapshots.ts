import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { labelOf } from './backups.ts';
import { destroyBackup } from './destroy-backup.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { lookAtVolumes, saveVolumes } from './volume-snapshots.ts';

type Saved = { readonly snapshots: readonly { readonly id: string; readonly volume: string; readonly of: string }[] };
const none: Saved = { snapshots: [] };

/**
 * A snapshot of every volume that holds data of the cluster, completed before anything is changed. Taken while the workloads still run, hence as
 * after a power cut: who stops them first takes their volumes away in the same step (the RabbitMQ operator deletes claims with their cluster), and a
 * backup that fails must leave a platform that works.
 */
export const destroySnapshots = stepWhen({
  id: 'destroy-snapshots',
  title: 'Snapshots of volumes',
  needs: { inventory: destroyInventory, backup: destroyBackup },
  when: (config) => config.teardown?.backup === 'volumes',
  repeat: 'safe',
  onCancel: 'abort',
  // The first snapshot of a volume copies every block that was ever written: hours for a terabyte.
  timeout: minutes(24 * 60),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: async (ctx, { inventory }) => {
    const look = inventory.clusterId === '' ? undefined : await lookAtVolumes(ctx);
    if (look === undefined) return { state: 'satisfied', output: none, because: 'nothing was ever built' };
    const { volumes, made, states } = look;
    if (volumes.length === 0) return { state: 'satisfied', output: none, because: 'no volume of ours holds any data' };
    const open = volumes.filter(({ resource }) => states.get(made.get(resource.id) ?? '')?.state !== 'completed');
    if (open.length === 0) {
      const snapshots = volumes.map((volume) => savedOf(volume, made));
      const because = `made for this teardown: ${snapshots.map(({ id, of }) => `${id} of ${of}`).join(', ')}`;
      return { state: 'satisfied', output: { snapshots }, because };
    }
    return {
      state: 'needed',
      because: `${open.length} of ${volumes.length} volumes have no snapshot of now`,
      preview: open.map(
        (volume) => `snapshot of volume ${volume.resource.id} (${labelOf(volume)}, ${volume.resource.gigabytes} GiB)`,
      ),
    };
  },
  apply: async (ctx) => {
    const look = await lookAtVolumes(ctx);
    if (look === undefined) return none;
    const made = await saveVolumes(ctx, look);
    await ctx.ledger.mirror();
    return {
      snapshots: look.volumes.flatMap((volume) => (made.has(volume.resource.id) ? [savedOf(volume, made)] : [])),
    };
  },
});

type Volume = Parameters<typeof labelOf>[0];

const savedOf = (volume: Volume, made: ReadonlyMap<string, string>) => ({
  id: made.get(volume.resource.id) ?? '',
  volume: volume.resource.id,
  of: labelOf(volume),
});
