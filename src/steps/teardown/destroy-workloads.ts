import type { ClusterWriter, KubernetesObject } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import type { StepContext } from '../kit.ts';
import { textOf } from '../probes/fields.ts';
import { handleOf, isUsedBy, makerOf, storageIn } from './claims.ts';
import type { Storage } from './claims.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyOperators } from './destroy-operators.ts';
import { awaitInCloud } from './drain-cloud.ts';
import { describe, drain } from './drain-wait.ts';
import type { Phase, Seen } from './drain-wait.ts';
import { checkDrained, nameOf, openPatiently, passedOver, referenceTo, removeObject, scopeOf } from './drain-world.ts';

const none = { kept: [] as readonly string[], leftToSweep: [] as readonly string[] };

/**
 * Claims, the pods that use them and what would start those again; then their volumes, until AWS shows none. Pods without a claim hold nothing outside
 * their machine, and die with it. Volumes with reclaim policy Retain are data: they stay, and are named, unless --delete-data was given.
 */
export const destroyWorkloads = stepWhen({
  id: 'destroy-workloads',
  title: 'Workloads and volumes',
  needs: { inventory: destroyInventory, operators: destroyOperators },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(50),
  inputs: (config, { inventory }) => ({
    cluster: inventory.clusterId,
    deleteData: config.teardown?.deleteData === true,
  }),
  check: (ctx, { inventory }) =>
    checkDrained(ctx, inventory, none, async (cluster) => {
      const storage = await storageIn(cluster);
      const left = leftOf(ctx, storage);
      const waiting = left.filter((object) => !isLost(object, storage));
      const kept = keptOf(ctx, storage);
      if (waiting.length === 0) {
        const output = { kept, leftToSweep: left.map(nameOf) };
        const because = kept.length === 0 ? 'no claim is left' : `kept, because they are data: ${kept.join(', ')}`;
        return { state: 'satisfied', output, because };
      }
      const preview = [...waiting.map((object) => `delete ${nameOf(object)}`), ...kept.map((name) => `keep ${name}`)];
      return { state: 'needed', because: `${waiting.length} claims and volumes are left`, preview };
    }),
  apply: async (ctx, { inventory }) => {
    if (passedOver(ctx.config, inventory) !== undefined) return none;
    const cluster = await openPatiently(ctx, inventory);
    const handles = new Set<string>();
    let latest: Storage | undefined;
    const round = async (): Promise<readonly KubernetesObject[]> => {
      await removeStorage(ctx, cluster, await storageIn(cluster), inventory.clusterId);
      latest = await storageIn(cluster);
      for (const handle of latest.volumes.map(handleOf)) if (handle !== undefined) handles.add(handle);
      return leftOf(ctx, latest);
    };
    const judge: Phase['judge'] = (object, seen) => (latest === undefined ? {} : judgeStorage(object, latest, seen));
    const passed = await drain(ctx, cluster, { what: 'volumes', round, judge });
    const kept = latest === undefined ? [] : keptOf(ctx, latest);
    // Passed over: still attached to a machine that does not answer.
    const skipped = new Set(passed.map(({ object }) => handleOf(object)));
    const awaited = [...handles].filter((handle) => !skipped.has(handle));
    const inCloud = await awaitInCloud(ctx, 'volumes', async () => {
      if (awaited.length === 0) return [];
      const found = await ctx.estate.list('volume', { ...scopeOf(inventory), only: awaited });
      return found.filter(({ id, phase }) => awaited.includes(id) && phase !== 'gone');
    });
    return { kept, leftToSweep: [...passed.map(describe), ...inCloud] };
  },
});

type Choosing = Pick<StepContext, 'config'>;
const isDataDeleted = ({ config }: Choosing): boolean => config.teardown?.deleteData === true;

const leftOf = (ctx: Choosing, { claims, volumes, retained }: Storage): readonly KubernetesObject[] => [
  ...claims,
  ...volumes,
  ...(isDataDeleted(ctx) ? retained : []),
];

const keptOf = (ctx: Choosing, { retained }: Storage): readonly string[] =>
  isDataDeleted(ctx) ? [] : retained.map((volume) => `${nameOf(volume)} (${handleOf(volume) ?? 'no handle'})`);

/** Reclaim policies first, then what makes pods, pods, claims: in the other order a pod would be made anew, or a claim wait for it. */
async function removeStorage(
  ctx: StepContext,
  cluster: ClusterWriter,
  storage: Storage,
  clusterId: string,
): Promise<void> {
  if (isDataDeleted(ctx))
    for (const volume of storage.retained) {
      await ctx.audit({
        action: 'reclaim',
        target: nameOf(volume),
        because: '--delete-data: reclaim policy Delete in place of Retain',
      });
      await cluster.merge(referenceTo(volume), { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    }
  for (const pod of storage.users) {
    const because = `uses a claim of cluster ${clusterId}`;
    const maker = await makerOf(cluster, pod);
    if (maker !== undefined) await removeObject(ctx, cluster, maker, because);
    await removeObject(ctx, cluster, pod, because);
  }
  for (const claim of storage.claims)
    await removeObject(ctx, cluster, claim, `claim of cluster ${clusterId}${volumeOf(claim)}`);
}

const volumeOf = (claim: KubernetesObject): string => {
  const name = textOf(claim, 'spec', 'volumeName');
  return name === undefined ? '' : `, on PersistentVolume ${name}`;
};

/** Pods of a claim, or of the claim of a volume, that will never end: nobody on their machine answers. */
function lostUsers(object: KubernetesObject, storage: Storage): readonly KubernetesObject[] {
  return users(object, storage).filter((pod) => storage.lostNodes.has(textOf(pod, 'spec', 'nodeName') ?? ''));
}

function claimOf(object: KubernetesObject, storage: Storage): KubernetesObject | undefined {
  return object.kind === 'PersistentVolumeClaim'
    ? object
    : storage.claims.find(({ metadata }) => metadata.uid === textOf(object, 'spec', 'claimRef', 'uid'));
}

function users(object: KubernetesObject, storage: Storage): readonly KubernetesObject[] {
  const claim = claimOf(object, storage);
  return claim === undefined ? [] : storage.users.filter((pod) => isUsedBy(claim, pod));
}

const isLost = (object: KubernetesObject, storage: Storage): boolean =>
  claimOf(object, storage)?.metadata.deletionTimestamp !== undefined && lostUsers(object, storage).length > 0;

/**
 * A volume is held by its pods; on a machine that does not answer, until the machine is gone, which comes next. Without its driver it is not deleted
 * either, and carries no deletion mark that would say so: the sweep deletes it.
 */
function judgeStorage(object: KubernetesObject, storage: Storage, seen: Seen): ReturnType<NonNullable<Phase['judge']>> {
  const [lost] = lostUsers(object, storage);
  if (lost !== undefined)
    return {
      because: `is used by ${nameOf(lost)}, whose node ${textOf(lost, 'spec', 'nodeName') ?? ''} does not answer`,
      passed: true,
    };
  const [user] = users(object, storage);
  if (user !== undefined) return { because: `is used by ${nameOf(user)}` };
  if (object.kind === 'PersistentVolume' && claimOf(object, storage) === undefined && seen.isDead(driver))
    return { because: `is released, and ${driver} has no ready pod that would delete it`, passed: true };
  return {};
}

const driver = 'ebs-csi-controller';
