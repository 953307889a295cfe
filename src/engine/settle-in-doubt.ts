import type { Launcher } from '../tools/ports-launcher.ts';
import { awaitTool, settleStep, toolsOf } from './adoption.ts';
import type { Contexts } from './contexts.ts';
import type { DurableEvent, ShownEvent } from './events.ts';
import { type Instance, upstreamOf } from './graph.ts';
import type { Journal } from './journal.ts';
import { isInDoubt } from './plan.ts';
import type { StepId } from './types.ts';
import { writeContext } from './write-context.ts';

export interface SettleOptions {
  /** Whoever opened it holds the lock. */
  readonly journal: Journal;
  readonly launcher: Launcher;
  readonly contexts: Contexts;
  readonly instances: readonly Instance[];
  /** Ends the waiting, and what a step does to settle. */
  readonly signal: AbortSignal;
  /** The doubt stays on record: not all is settled that the next run of these steps would want settled. */
  readonly keepDoubt?: boolean;
  /** Steps that the run which follows settles by itself. */
  readonly leave?: ReadonlySet<StepId>;
  emit(event: DurableEvent | ShownEvent): void;
}

/**
 * Awaits what still works and settles every step in doubt, one after the other, without judging or building anything; tells
 * how many there were. The same as a run does before it judges them.
 */
export async function settleInDoubt(options: SettleOptions): Promise<number> {
  const { journal, launcher, contexts, instances, signal, emit, keepDoubt = false, leave } = options;
  const record = async (event: DurableEvent): Promise<void> => {
    await journal.append(event);
    emit(event);
  };
  const say = (step: StepId, text: string): void => emit({ type: 'step.note', step, text });
  const doubtful = [...journal.state.steps.values()].filter((one) => isInDoubt(one) && leave?.has(one.id) !== true);
  const tools = await toolsOf(doubtful, launcher);
  for (const one of doubtful) {
    for (const tool of tools.get(one.id) ?? []) await awaitTool({ launcher, record, say }, tool, () => signal);
    signal.throwIfAborted();
    const instance = instances.find(({ id }) => id === one.id);
    if (instance === undefined) {
      say(one.id, 'is a step of another version or configuration: nothing can be settled');
      continue;
    }
    const scope = {
      run: journal.run,
      step: one.id,
      key: instance.key,
      attempt: one.attempts,
      signal,
      note: (text: string) => say(one.id, text),
    };
    const up = upstreamOf(instance, (need) => journal.state.steps.get(need)?.output);
    const ctx = writeContext({ contexts, launcher, record }, scope);
    const settled = { record: keepDoubt ? async () => undefined : record, say };
    if (!(await settleStep(settled, instance, one, ctx, up)))
      say(one.id, 'nothing to settle; the next run looks at it');
  }
  return doubtful.length;
}
