import type { Engine } from './engine.ts';
import { type LiveStep, scopeOf } from './live-step.ts';
import { awaitReady } from './probe.ts';
import type { ScheduleEvent } from './schedule-messages.ts';
import { failed, recordDone } from './work.ts';

/** Asks the probes of a step one after the other; the step is done, on disk, when the last one holds. Never rejects. */
export async function probeStep(engine: Engine, live: LiveStep): Promise<ScheduleEvent> {
  const { clock, contexts, journal } = engine.options;
  const { id, step } = live.instance;
  const started = clock.monotonic();
  const { signal } = live.controller;
  const ctx = contexts.read(
    scopeOf(live, journal.run, clock, (text) => engine.show({ type: 'step.note', step: id, text })),
  );
  try {
    for (const probe of step.spec.ready ?? []) {
      await awaitReady(probe, {
        clock,
        signal,
        ctx,
        output: live.output,
        limit: engine.ask,
        sample: (sample) => engine.record({ type: 'probe.sample', step: id, ...sample }),
      });
      if (signal.aborted) return { type: 'left', step: id };
    }
    live.wait = Math.round(clock.monotonic() - started);
    await recordDone(engine, live);
    return { type: 'done', step: id };
  } catch (error) {
    live.wait = Math.round(clock.monotonic() - started);
    if (signal.aborted) return { type: 'left', step: id };
    // Asking again is the probe's own business: what its deadline ended is not tried anew.
    live.tries = Number.POSITIVE_INFINITY;
    return failed(engine, live, error, false);
  }
}
