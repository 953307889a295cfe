import type { WriteScope } from '../engine/types.ts';
import type { Host } from '../host.ts';
import { learnIdentity, listOf } from './build-run.ts';
import type { Environment } from './environment.ts';
import type { CommonOptions } from './options.ts';

/**
 * Adopts what still works, lets each step in doubt settle its tool, and records that as the run `id`. Builds nothing. The
 * caller holds the lock.
 */
export async function settleDoubtful(
  host: Host,
  environment: Environment,
  options: CommonOptions,
  id: string,
): Promise<number> {
  const [{ openJournal }, { upstreamOf }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/graph.ts'),
  ]);
  const { config, clock, launcher } = environment;
  const journal = await openJournal(environment.journals, id, clock);
  const say = (text: string): void => host.stderr.write(`${text}\n`);
  try {
    if (journal.repairedBytes > 0) say(`cut ${journal.repairedBytes} bytes of a half-written record off the journal`);
    learnIdentity(environment, journal.state);
    const { instances } = await listOf(environment, { ...options, parallel: 1 });
    const doubtful = [...journal.state.steps.values()].filter(
      ({ state }) => state === 'in-doubt' || state === 'interrupted',
    );
    for (const record of doubtful) {
      const instance = instances.find((one) => one.id === record.id);
      const abort = new AbortController();
      for (const tool of (await launcher.list(record.run)).filter(
        (one) => one.step === record.id && one.attempt === record.attempts,
      )) {
        if (tool.exit === undefined)
          say(`${record.id}: ${tool.process.tool} still works (pid ${tool.process.pid}); waiting for it`);
        const exit = tool.exit ?? (await launcher.adopt(tool, abort.signal));
        await journal.append({
          type: 'step.adopted',
          step: record.id,
          attempt: record.attempts,
          process: tool.process,
          exitCode: exit.code,
          signal: exit.signal,
        });
        say(
          `${record.id}: ${tool.process.tool} ended with ${exit.code === null ? (exit.signal ?? 'an unknown code') : `code ${exit.code}`}`,
        );
      }
      const { spec } = instance?.step ?? {};
      if (instance === undefined || spec?.settle === undefined) {
        say(`${record.id}: nothing to settle; the next run looks at it`);
        continue;
      }
      const scope: WriteScope = {
        run: id,
        step: record.id,
        key: instance.key,
        attempt: record.attempts,
        signal: abort.signal,
        note: (text) => say(`${record.id}: ${text}`),
        audit: (entry) => journal.append({ type: 'step.audit', step: record.id, attempt: record.attempts, ...entry }),
      };
      const processes = launcher.processesFor({
        run: id,
        step: record.id,
        attempt: record.attempts,
        spawned: (process) =>
          journal.append({ type: 'step.spawned', step: record.id, attempt: record.attempts, process }),
      });
      const up = upstreamOf(instance, (need) => journal.state.steps.get(need)?.output);
      await spec.settle(environment.contexts.write(scope, processes), up as never);
      await journal.append({
        type: 'step.settled',
        step: record.id,
        attempt: record.attempts,
        because: 'asked for by platform settle',
      });
      say(`${record.id}: settled`);
    }
    say(
      doubtful.length === 0
        ? `nothing is in doubt in ${config.environment}`
        : `Next: platform up --env ${config.environment} goes on`,
    );
    return 0;
  } finally {
    await journal.close();
  }
}
