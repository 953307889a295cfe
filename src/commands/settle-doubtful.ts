import type { DurableEvent, ShownEvent } from '../engine/events.ts';
import type { SettleOptions } from '../engine/settle-in-doubt.ts';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import type { Environment } from './environment.ts';
import { everyInstance } from './lists.ts';
import type { CommonOptions } from './options.ts';
import { learnIdentity } from './verb-run.ts';

/**
 * Adopts what still works, lets each step in doubt settle its tool, and records that as the run `id`. Builds nothing. The
 * caller holds the lock. `before`: another command goes on from here, and says itself what is next.
 */
export async function settleDoubtful(
  host: Host,
  environment: Environment,
  options: CommonOptions,
  id: string,
  before?: Pick<SettleOptions, 'keepDoubt' | 'leave'>,
): Promise<number> {
  const [{ openJournal }, { settleInDoubt }, { eventLine }, { styleFor }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/settle-in-doubt.ts'),
    import('../ui/event-line.ts'),
    import('../ui/style.ts'),
  ]);
  const { config, clock, launcher, contexts } = environment;
  const say = (text: string): void => host.stderr.write(`${text}\n`);
  const style = styleFor(host, host.stderr, options.color);
  const emit = (event: DurableEvent | ShownEvent): void => {
    const line = eventLine({ ...event, at: clock.now(), run: id }, style);
    if (line !== undefined) say(line);
  };
  const signal = abortOnSignal(host);
  const journal = await openJournal(environment.journals, id, clock);
  try {
    if (journal.repairedBytes > 0) say(`cut ${journal.repairedBytes} bytes of a half-written record off the journal`);
    learnIdentity(environment, journal.state);
    const instances = await everyInstance(config);
    const settled = await settleInDoubt({ journal, launcher, contexts, instances, signal, emit, ...before }).catch(
      (problem: unknown) => {
        if (!signal.aborted) throw problem;
        throw new PlatformError('INTERRUPTED', {
          message: 'stopped while settling; what still works goes on, and what is in doubt stays so',
          next: ['type the same command again'],
        });
      },
    );
    if (before !== undefined) return 0;
    const { verb = 'up' } = journal.state.runs.findLast((one) => one.verb !== '') ?? {};
    say(
      settled === 0
        ? `nothing is in doubt in ${config.environment}`
        : `Next: platform ${verb} --env ${config.environment} goes on`,
    );
    return 0;
  } finally {
    await journal.close();
  }
}
