import type { CloudKind } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { StepContext } from '../kit.ts';
import type { Evidence } from './inventory-types.ts';
import { takePartialInventory } from './inventory.ts';
import { listNow, listRecent } from './recent-listings.ts';
import { isRemovable } from './sweep.ts';
import { leftoversOf } from './sweep-cluster.ts';
import { leftoversError } from './sweep-leftovers.ts';
import { kindsToList } from './sweep-look.ts';
import { patient } from './sweep-patience.ts';
import { doomedIn } from './sweep-strangers.ts';
import { stopIfAborted } from './wait.ts';

/** A listing may lag behind what has just ended: so long a stranger must stand before it is believed. */
const standing = seconds(30);
const betweenLooks = seconds(5);

/**
 * Throws LEFTOVERS where the sweep of what is left, which works at the same time, cannot end, or the network cannot go after it: what is not ours stands
 * in the way, and no waiting ends that. An Elastic IP that was released is lost for good, so that it is only given up in a teardown that can end.
 */
export async function refuseWhereSweepCannotEnd(world: StepContext, evidence: Evidence): Promise<void> {
  const ctx = patient(world);
  const { kinds, choose, alongside = [] } = leftoversOf(ctx.config);
  const swept = new Set<CloudKind>(kinds);
  const all = [...new Set([...kindsToList('everything', kinds, [], { ask: [], waiting: [] }), ...alongside])];
  const request = { choose, deleteData: ctx.config.teardown?.deleteData === true };
  const since = ctx.clock.monotonic();
  for (let first = true; ; first = false) {
    // What we delete meanwhile was never a stranger: a listing from before stands for it.
    const seen = await takePartialInventory(ctx, evidence, all, (kind, scope) =>
      first ? listRecent(ctx, kind, scope, { of: 'strangers' }) : listNow(ctx, kind, scope),
    );
    const doomed = doomedIn(seen, (finding) => swept.has(finding.resource.kind) && isRemovable(finding, request));
    if (doomed.length === 0) return;
    if (ctx.clock.monotonic() - since >= standing)
      throw leftoversError('nothing of the foundation goes in a teardown that cannot end', doomed, seen, {
        code: 'LEFTOVERS',
      });
    ctx.note(`${doomed.length} in the way of the teardown: looking again, for a listing may lag behind`);
    await ctx.clock.sleep(betweenLooks, ctx.signal);
    stopIfAborted(ctx.signal);
  }
}
