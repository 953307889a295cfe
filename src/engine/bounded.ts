import { type Overdue, withDeadline } from './deadline.ts';
import type { Engine } from './engine.ts';
import type { LiveStep } from './live-step.ts';

/**
 * A call within the deadlines of the step. Who misses one is asked by the step's signal, which the adapter of processes
 * hands on to the tool as one SIGINT; nothing else may send it one, because two make Terraform drop its state.
 */
export function bounded<T>(
  engine: Engine,
  live: LiveStep,
  call: () => Promise<T>,
  more: Partial<Overdue> = {},
): Promise<T> {
  const { clock, launcher } = engine.options;
  const { timeout, noProgressFor } = live.instance.step.spec;
  const overdue: Overdue = {
    lastProgress: () => live.lastProgress,
    stop: (reason) => live.controller.abort(reason),
    kill: () => launcher.signal(live.instance.id, 'SIGKILL'),
    ...more,
  };
  return withDeadline(clock, { timeout, noProgressFor }, overdue, call);
}
