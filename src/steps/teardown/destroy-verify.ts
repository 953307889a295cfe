import { PlatformError } from '../../errors.ts';
import { minutes, seconds } from '../durations.ts';
import { identityFile } from '../identity.ts';
import { step, type StepContext } from '../kit.ts';
import { stateBucket, stateKey } from '../names.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyOrphans } from './destroy-orphans.ts';
import { destroyTerraformCluster } from './destroy-terraform-cluster.ts';
import { destroyTerraformFoundation } from './destroy-terraform-foundation.ts';
import { takeInventory } from './inventory.ts';
import type { Finding, Inventory } from './inventory-types.ts';
import { exists, orderOf, targetsOf } from './order.ts';
import { knownIdentity } from './known-evidence.ts';
import { listNow, listRecent } from './recent-listings.ts';
import { leftoversError } from './sweep-leftovers.ts';
import { patient } from './sweep-patience.ts';
import { nameOf } from './sweep-words.ts';
import { stopIfAborted } from './wait.ts';

/**
 * Looks at everything once more, from nothing: nothing of ours may be left but what was declared kept. Else LEFTOVERS (exit 13) with each
 * thing, who holds it, and what to do. On success the epoch is closed, and the cluster id goes with it, so that a new life gets a new one:
 * unless this is half of a rebuild, or something that carries the id stays (the foundation, data).
 */
export const destroyVerify = step({
  id: 'destroy-verify',
  title: 'Nothing of ours is left',
  needs: {
    inventory: destroyInventory,
    orphans: destroyOrphans,
    cluster: destroyTerraformCluster,
    foundation: destroyTerraformFoundation,
  },
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(15),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  closesEpoch: true,
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: async (ctx) => {
    const identity = await knownIdentity(patient(ctx));
    const recorded = await ctx.ledger.entries();
    if (identity === undefined && recorded.length === 0)
      return {
        state: 'satisfied',
        output: { removed: 0, kept: noNames },
        because: 'nothing was ever built, or all of it is removed',
      };
    return {
      state: 'needed',
      because:
        identity === undefined ? `${recorded.length} things are recorded` : `cluster ${identity.clusterId} was built`,
    };
  },
  apply: async (ctx) => {
    const inventory = await takeSettledInventory(ctx);
    refuseRemains(inventory);
    refuseUndecided(inventory);
    const kept = inventory.findings.filter(isOurs).map(({ resource, kept: why }) => `${nameOf(resource)}: ${why}`);
    for (const line of kept) ctx.note(`kept: ${line}`);
    for (const { resource, because } of doubtfulOf(inventory))
      ctx.note(`left alone, for nothing proves it ours: ${nameOf(resource)} (${because}); if it is, delete it by hand`);
    for (const name of derived) await ctx.files.remove(`${ctx.config.stateFolder}/${name}`);
    if (kept.length === 0) await forgetIdentity(ctx, inventory);
    return { removed: inventory.vanished.length, kept };
  },
});

const noNames: readonly string[] = [];

/** So long AWS may go on listing what was deleted a moment ago. */
const lag = seconds(20);

/**
 * Looks from nothing, and again while something is left that a listing which lags behind may only seem to show. Records and states are read anew. What
 * the step before listed less than 10 s ago, after the last thing that this process changed, is that very look, and is not listed twice.
 */
async function takeSettledInventory(ctx: StepContext): Promise<Inventory> {
  const since = ctx.clock.monotonic();
  const world = patient(withoutCluster(ctx));
  for (let first = true; ; first = false) {
    stopIfAborted(ctx.signal);
    ctx.note(first ? 'listing every kind that was not listed a moment ago' : 'listing every kind once more');
    const inventory = await takeInventory(world, (kind, scope) =>
      first ? listRecent(world, kind, scope) : listNow(world, kind, scope),
    );
    const left = remainsOf(inventory);
    if (left.length === 0 || ctx.clock.monotonic() - since >= lag) return inventory;
    ctx.note(
      `still listed: ${left.map(({ resource }) => nameOf(resource)).join(', ')}; a listing may lag behind, so it is looked at again`,
    );
    await ctx.clock.sleep(seconds(5), ctx.signal);
  }
}

/** What described the cluster that is gone: the next one has other addresses, keys and an authority of its own. */
const derived = ['kubeconfig', 'known_hosts', 'inventory.yml', 'variables.json'];

const isOurs = (finding: Finding): boolean =>
  exists(finding) && (finding.class === 'owned' || finding.class === 'data');

const remainsOf = ({ findings }: Pick<Inventory, 'findings'>): readonly Finding[] =>
  targetsOf(orderOf(findings, (finding) => isOurs(finding) && finding.kept === undefined));

/** Throws LEFTOVERS when anything of ours is left that nobody declared kept. */
export function refuseRemains({ findings, clusterId }: Pick<Inventory, 'findings' | 'clusterId'>): void {
  const left = remainsOf({ findings });
  if (left.length === 0) return;
  const count = left.length === 1 ? '1 thing' : `${left.length} things`;
  throw leftoversError(`${count} of ${clusterId} left after the teardown`, left, findings, { code: 'LEFTOVERS' });
}

/**
 * Throws LEFTOVERS where two networks carry our id and no record tells them apart: then nothing of either was touched, and a clean end, with the id
 * forgotten, would leave ours standing for ever. With a record ours is known, also when it is gone, and the other is not our affair.
 */
function refuseUndecided({ findings, clusterId, evidence }: Inventory): void {
  if (evidence === undefined || evidence.vpcs.length > 0) return;
  const marked = findings.filter(
    (finding) =>
      exists(finding) && finding.class === 'unknown' && finding.resource.tags['platform/cluster'] === clusterId,
  );
  const networks = marked.filter(({ resource }) => resource.kind === 'vpc');
  if (networks.length === 0) return;
  const names = networks.map(({ resource }) => nameOf(resource));
  const others = marked.length - networks.length;
  throw new PlatformError('LEFTOVERS', {
    message: `nothing tells which of these is ours, so none was touched: ${networks
      .map(({ resource, because }) => `${nameOf(resource)} (${because})`)
      .join('; ')}${others === 0 ? '' : `; and ${others} more with the same tag`}`,
    next: [
      `take the tag platform/cluster=${clusterId} off what this environment did not make: ${names.join(', ')}`,
      'then run the same command again: what carries it alone is proven ours',
    ],
    facts: {
      left: marked.length,
      resources: marked.map(({ resource }) => `${resource.kind} ${resource.id}`).join(', '),
    },
  });
}

/** What bears our id and is not proven ours: contested by another mark, or in no record that would tell it from a twin's. Nobody will name it again. */
const doubtfulOf = ({ findings, clusterId }: Inventory): readonly Finding[] =>
  clusterId === ''
    ? []
    : findings.filter(
        (finding) => exists(finding) && finding.class === 'unknown' && bearsId(finding.resource, clusterId),
      );

const bearsId = ({ tags, name, id }: Finding['resource'], clusterId: string): boolean =>
  tags['platform/cluster'] === clusterId ||
  tags[`kubernetes.io/cluster/${clusterId}`] === 'owned' ||
  [name, id].some((text) => text === clusterId || text.startsWith(`${clusterId}-`));

/** The machines are gone: whoever answers at the old address now is somebody else. */
function withoutCluster(ctx: StepContext): StepContext {
  const { config } = ctx;
  if (config.teardown === undefined) return ctx;
  return { ...ctx, config: { ...config, teardown: { ...config.teardown, awsOnly: true } } };
}

/**
 * The id first, the records last: an id without records would make every tag a proof, also on things of another cluster of the same id. Without
 * the id nothing is looked for at all. Where the id lives on (a rebuild, a kept foundation, kept data), so do its records: that a VPC was ours and
 * is gone is what tells a later one from it, and what was kept must be found again by who removes it later, or builds upon it.
 */
async function forgetIdentity(ctx: StepContext, { account, clusterId }: Inventory): Promise<void> {
  const { config } = ctx;
  if (config.teardown?.rebuild === true || config.teardown?.keepFoundation === true) return;
  const because = `nothing of ${clusterId} is left: a new life gets a new id`;
  if (clusterId === '') {
    // Killed after the id was removed. Beside the state may by now be the records of a new life, begun on another machine.
  } else if (config.state.kind === 'local') {
    const path = `${config.stateFolder}/${identityFile}`;
    await ctx.audit({ action: 'delete', target: `file ${path}`, because });
    await ctx.files.remove(path);
  } else {
    const bucket = stateBucket(config, account);
    for (const file of [identityFile, 'known_hosts', 'ledger.ndjson']) {
      const key = stateKey(config, file);
      await ctx.audit({ action: 'delete', target: `object s3://${bucket}/${key}`, because });
      await ctx.aws.removeObject(bucket, key);
    }
  }
  await ctx.ledger.retire(await ctx.ledger.entries());
}
