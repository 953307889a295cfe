import type { CloudResource } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { StepContext } from '../kit.ts';
import { askAgain } from './sweep-patience.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/** Controllers try again for two minutes (LBC, security groups of what it made); whoever is not done after that will not be. */
const patience = minutes(3);

/** AWS takes seconds over a volume and tens of seconds over a load balancer: sooner nothing is worth a look. */
const betweenLooks = seconds(1);

/**
 * Waits until a fresh listing of AWS lacks all of it. Their objects in Kubernetes are gone by now, so nobody will come back to what does not
 * vanish: it is returned, for the sweep.
 */
export async function awaitInCloud(
  ctx: Pick<StepContext, 'clock' | 'signal' | 'note'>,
  what: string,
  list: () => Promise<readonly CloudResource[]>,
): Promise<readonly string[]> {
  let changed = ctx.clock.monotonic();
  let before = '';
  for (;;) {
    stopIfAborted(ctx.signal);
    const asked = ctx.clock.monotonic();
    const seen = await askAgain(ctx, list);
    // Time during which AWS did not answer is not time during which nothing changed.
    changed += ctx.clock.monotonic() - asked;
    const left = seen.map(({ kind, id, state }) => `${kind} ${id}${state === '' ? '' : ` (${state})`}`);
    if (left.length === 0) return [];
    const state = left.toSorted().join();
    if (state !== before) changed = ctx.clock.monotonic();
    before = state;
    const spell = ctx.clock.monotonic() - changed;
    if (spell >= patience) {
      ctx.note(`left to the sweep: ${left.join(', ')}`);
      return left;
    }
    ctx.note(
      `waiting until AWS shows no ${what}: ${left[0]}${left.length > 1 ? ` and ${left.length - 1} more` : ''} (unchanged for ${shortSpell(spell)})`,
    );
    await ctx.clock.sleep(Math.max(betweenLooks, pauseAfter(spell)), ctx.signal);
  }
}
