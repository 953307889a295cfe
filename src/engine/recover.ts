import type { LaunchedTool } from '../tools/ports-launcher.ts';
import type { Engine } from './engine.ts';
import type { StepRecord } from './fold.ts';
import type { LiveStep } from './live-step.ts';
import { isInDoubt } from './plan.ts';
import type { RunOptions } from './run-options.ts';
import type { ScheduleEvent } from './schedule-messages.ts';
import type { StepId } from './types.ts';
import { bounded } from './bounded.ts';

/** The tools that earlier processes started for attempts nobody saw end, by step. Asks no launcher when nothing is in doubt. */
export async function findOrphans({
  journal,
  launcher,
  instances,
}: RunOptions): Promise<ReadonlyMap<StepId, readonly LaunchedTool[]>> {
  const doubtful = instances.flatMap(({ id }) => journal.state.steps.get(id) ?? []).filter(isInDoubt);
  const runs = [...new Set(doubtful.map(({ run }) => run))];
  const tools = (await Promise.all(runs.map((run) => launcher.list(run)))).flat();
  const orphans = new Map<StepId, readonly LaunchedTool[]>();
  for (const { id, attempts } of doubtful) {
    const own = tools.filter((tool) => tool.step === id && tool.attempt === attempts);
    if (own.length > 0) orphans.set(id, own);
  }
  return orphans;
}

/** Waits for the tools that an earlier process left, and records how each ended. Never rejects. */
export async function adopt(engine: Engine, live: LiveStep, tools: readonly LaunchedTool[]): Promise<ScheduleEvent> {
  const step = live.instance.id;
  live.startedAt = engine.options.clock.monotonic();
  live.lastProgress = live.startedAt;
  try {
    // The step's signal only ends the waiting: a tool that another process started hears nothing of it.
    const stop = (): void => void engine.options.launcher.signal(step, 'SIGINT').catch(() => undefined);
    for (const tool of tools) await bounded(engine, live, () => adoptTool(engine, live, tool), { stop });
  } catch {
    // Its deadline ended it, or the journal is lost; either way it is still in doubt, and settled before it is judged.
    if (live.cut !== undefined || live.over) return { type: 'left', step };
  }
  if (live.controller.signal.aborted && live.cut === undefined) live.controller = new AbortController();
  return { type: 'adopted', step };
}

async function adoptTool(engine: Engine, live: LiveStep, tool: LaunchedTool): Promise<void> {
  const { step, attempt, process } = tool;
  if (tool.exit === undefined) {
    engine.show({
      type: 'step.note',
      step,
      text: `${process.tool} of attempt ${attempt} still works (pid ${process.pid}); waiting for it`,
    });
  }
  const { code, signal } = tool.exit ?? (await engine.options.launcher.adopt(tool, live.controller.signal));
  if (live.controller.signal.aborted) throw new Error('no longer waited for');
  await engine.record({ type: 'step.adopted', step, attempt, process, exitCode: code, signal });
}

/** Before a step in doubt is judged, lets it settle what its tools left. Twice is harmless. */
export async function settle(
  engine: Engine,
  live: LiveStep,
  record: StepRecord,
  ctx: object,
  up: object,
): Promise<void> {
  const { spec } = live.instance.step;
  if (spec.settle === undefined) return;
  engine.show({ type: 'step.note', step: live.instance.id, text: `settling what attempt ${record.attempts} left` });
  await spec.settle(ctx, up as never);
  const because = `attempt ${record.attempts} was cut off (${record.because})`;
  await engine.record({ type: 'step.settled', step: live.instance.id, attempt: record.attempts, because });
}
