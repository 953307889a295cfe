import type { Run } from './run.ts';
import type { CancelLevel } from './schedule.ts';

/**
 * Turns signals into cancel levels until the run is over: Ctrl-C asks, insists, kills; a termination does not wait for
 * what would drain, and leaves what has not ended within its budget to the next run.
 */
export async function listenToSignals(run: Run, over: AbortSignal): Promise<void> {
  const iterator = run.options.signals[Symbol.asyncIterator]();
  const ended = new Promise<undefined>((resolve) =>
    over.addEventListener('abort', () => resolve(undefined), { once: true }),
  );
  let level: CancelLevel = 0;
  let count = 0;
  let spending: Promise<void> | undefined;
  for (;;) {
    const next = await Promise.race([iterator.next(), ended]);
    if (next === undefined || next.done === true) break;
    count += 1;
    run.signal = next.value;
    // Before the record, because a disk that does not answer must not keep anyone from stopping.
    void run.engine.record({ type: 'signal.received', signal: next.value, count }).catch(() => undefined);
    level = Math.min(3, Math.max(level + 1, next.value === 'SIGTERM' ? 2 : 1)) as CancelLevel;
    run.dispatch({ type: 'cancel', level });
    if (next.value === 'SIGTERM') spending ??= spend(run);
  }
  // Not awaited: an iterator that waits for a signal may only end with the process.
  void iterator.return?.();
}

async function spend(run: Run): Promise<void> {
  if (await run.within(run.options.terminationBudget ?? 6000)) return;
  for (const live of run.lives.values()) live.over = true;
  run.dispatch({ type: 'budget-spent' });
}
