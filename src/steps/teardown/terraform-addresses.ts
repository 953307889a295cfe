import { PlatformError } from '../../errors.ts';
import type { CloudResource } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { StepContext } from '../kit.ts';
import { scopeOf } from './evidence.ts';
import { keyOf } from './ownership-marks.ts';
import { listNow, listRecent } from './recent-listings.ts';
import { patient } from './sweep-patience.ts';
import { nameOf } from './sweep-words.ts';
import type { Destruction } from './terraform-destroy.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/** With --cleanup the machines of ours have ended before, and a listing may lag behind. */
const lag = seconds(30);

/**
 * An Elastic IP goes only when no machine has it. The build binds it by itself, so that the state knows nothing of it and the provider would be
 * refused. Without --cleanup the machines go beside this step, by the root `cluster`. Throws LEFTOVERS, naming it, where a machine has one that nobody is
 * going to end: it stands in no Terraform state, and runs.
 */
export async function awaitUnbound(world: StepContext, { resources, evidence }: Destruction): Promise<void> {
  const addresses = new Set(resources.filter(({ type }) => type === 'aws_eip').map(({ id }) => id));
  if (addresses.size === 0) return;
  const ctx = patient(world);
  const scope = scopeOf(evidence, ctx.config);
  const cleanup = ctx.config.teardown?.cleanup === true;
  const since = ctx.clock.monotonic();
  for (let list = listRecent; ; list = listNow) {
    stopIfAborted(ctx.signal);
    const listed = await list(ctx, 'network-interface', scope);
    const bound = listed.filter(
      ({ phase, holds }) => phase !== 'gone' && holds.some(({ kind, id }) => kind === 'address' && addresses.has(id)),
    );
    if (bound.length === 0) return;
    const spent = ctx.clock.monotonic() - since;
    if (!cleanup || spent >= lag) refuseEndless(bound, await list(ctx, 'instance', scope), evidence.terraform, cleanup);
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

function refuseEndless(
  bound: readonly CloudResource[],
  machines: readonly CloudResource[],
  states: Destruction['evidence']['terraform'],
  cleanup: boolean,
): void {
  const known = new Set(states.map(keyOf));
  const isHolder = (machine: CloudResource): boolean =>
    bound.some(
      (one) =>
        one.diesWith?.id === machine.id || machine.holds.some(({ kind, id }) => kind === one.kind && id === one.id),
    );
  const endless = machines.filter((one) => one.phase === 'live' && isHolder(one) && !known.has(keyOf(one)));
  if (endless.length === 0) return;
  const names = endless.map(nameOf).join(', ');
  throw new PlatformError('LEFTOVERS', {
    message: `Elastic IPs of ours are bound to what stands in no Terraform state and runs: ${names}`,
    next: [
      ...(cleanup ? [] : ['platform destroy --cleanup: ends it first, where it is proven ours']),
      `otherwise have the owner of ${names} give the address back`,
      'then run the same command again: it goes on with what is left',
    ],
    facts: { left: endless.length, resources: endless.map(({ id }) => id).join(', ') },
  });
}
