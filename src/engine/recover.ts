import type { LaunchedTool } from '../tools/ports-launcher.ts';
import { type Adoption, awaitTool, settleStep, toolsOf } from './adoption.ts';
import type { Engine } from './engine.ts';
import type { StepRecord } from './fold.ts';
import type { LiveStep } from './live-step.ts';
import { isInDoubt } from './plan.ts';
import type { RunOptions } from './run-options.ts';
import type { ScheduleEvent } from './schedule-messages.ts';
import type { StepId } from './types.ts';
import { bounded } from './bounded.ts';

/** The tools that earlier processes left for the steps of this run. */
export function findOrphans({
  journal,
  launcher,
  instances,
}: RunOptions): Promise<ReadonlyMap<StepId, readonly LaunchedTool[]>> {
  return toolsOf(instances.flatMap(({ id }) => journal.state.steps.get(id) ?? []).filter(isInDoubt), launcher);
}

/** Waits for the tools that an earlier process left, and records how each ended. Never rejects. */
export async function adopt(engine: Engine, live: LiveStep, tools: readonly LaunchedTool[]): Promise<ScheduleEvent> {
  const step = live.instance.id;
  live.startedAt = engine.options.clock.monotonic();
  live.lastProgress = live.startedAt;
  try {
    // The step's signal only ends the waiting: a tool that another process started hears nothing of it.
    const stop = (): void => void engine.options.launcher.signal(step, 'SIGINT').catch(() => undefined);
    const signal = (): AbortSignal => live.controller.signal;
    for (const tool of tools) await bounded(engine, live, () => awaitTool(adoption(engine), tool, signal), { stop });
  } catch {
    // Its deadline ended it, or the journal is lost; either way it is still in doubt, and settled before it is judged.
    if (live.cut !== undefined || live.over) return { type: 'left', step };
  }
  if (live.controller.signal.aborted && live.cut === undefined) live.controller = new AbortController();
  return { type: 'adopted', step };
}

/** Before a step in doubt is judged, lets it settle what its tools left. Twice is harmless. */
export async function settle(
  engine: Engine,
  { instance }: LiveStep,
  record: StepRecord,
  ctx: object,
  up: object,
): Promise<void> {
  await settleStep(adoption(engine), instance, record, ctx, up);
}

const adoption = (engine: Engine): Adoption => ({
  launcher: engine.options.launcher,
  record: (event) => engine.record(event),
  say: (step, text) => engine.show({ type: 'step.note', step, text }),
});
