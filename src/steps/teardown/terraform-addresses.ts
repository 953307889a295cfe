import { PlatformError } from '../../errors.ts';
import { minutes } from '../durations.ts';
import type { StepContext } from '../kit.ts';
import { scopeOf } from './evidence.ts';
import type { Destruction } from './terraform-destroy.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/**
 * An Elastic IP goes only when no machine has it. The build binds it by itself, so that the state knows nothing of it and the provider would be
 * refused. Without --cleanup the machines go beside this step, by the root `cluster`.
 */
export async function awaitUnbound(ctx: StepContext, { resources, evidence }: Destruction): Promise<void> {
  const addresses = new Set(resources.filter(({ type }) => type === 'aws_eip').map(({ id }) => id));
  if (addresses.size === 0) return;
  const since = ctx.clock.monotonic();
  for (;;) {
    stopIfAborted(ctx.signal);
    const listed = await ctx.estate.list('network-interface', scopeOf(evidence, ctx.config));
    const bound = listed.filter(
      ({ phase, holds }) => phase !== 'gone' && holds.some(({ kind, id }) => kind === 'address' && addresses.has(id)),
    );
    if (bound.length === 0) return;
    const spent = ctx.clock.monotonic() - since;
    const names = bound.map(({ id }) => id).join(', ');
    if (spent >= minutes(15))
      throw new PlatformError('NOT_READY_IN_TIME', {
        message: `Elastic IPs are still bound after ${shortSpell(spent)}: to ${names}`,
        next: ['end the machines that have them (platform destroy --cleanup does), then run the same command again'],
        class: 'transient',
      });
    ctx.note(`waiting until no machine has an Elastic IP of ours: ${names}`);
    await ctx.clock.sleep(pauseAfter(spent), ctx.signal);
  }
}
