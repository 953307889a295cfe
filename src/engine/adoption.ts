import type { LaunchedTool, Launcher } from '../tools/ports-launcher.ts';
import type { DurableEvent } from './events.ts';
import type { StepRecord } from './fold.ts';
import type { Instance } from './graph.ts';
import type { StepId } from './types.ts';

/** Where tools that outlived their run are found, and where it is written and said how they ended. */
export interface Adoption {
  readonly launcher: Pick<Launcher, 'list' | 'adopt'>;
  /** On disk before it returns. */
  record(event: DurableEvent): Promise<void>;
  say(step: StepId, text: string): void;
}

/** The tools that earlier processes started for attempts nobody saw end, by step. Asks no launcher when nothing is in doubt. */
export async function toolsOf(
  doubtful: readonly StepRecord[],
  launcher: Adoption['launcher'],
): Promise<ReadonlyMap<StepId, readonly LaunchedTool[]>> {
  const runs = [...new Set(doubtful.map(({ run }) => run))];
  const tools = (await Promise.all(runs.map((run) => launcher.list(run)))).flat();
  const found = new Map<StepId, readonly LaunchedTool[]>();
  for (const { id, attempts } of doubtful) {
    const own = tools.filter((tool) => tool.step === id && tool.attempt === attempts);
    if (own.length > 0) found.set(id, own);
  }
  return found;
}

/** Waits for a tool that an earlier process left, and records how it ended. The signal only ends the waiting: then it throws. */
export async function awaitTool(
  { launcher, record, say }: Adoption,
  tool: LaunchedTool,
  signal: () => AbortSignal,
): Promise<void> {
  const { step, attempt, process } = tool;
  if (tool.exit === undefined)
    say(step, `${process.tool} of attempt ${attempt} still works (pid ${process.pid}); waiting for it`);
  const exit = tool.exit ?? (await launcher.adopt(tool, signal()));
  if (signal().aborted) throw new Error('no longer waited for');
  await record({ type: 'step.adopted', step, attempt, process, exitCode: exit.code, signal: exit.signal });
}

/** Before a step in doubt is judged, lets it settle what its tools left; tells whether it can. Twice is harmless. */
export async function settleStep(
  { record, say }: Pick<Adoption, 'record' | 'say'>,
  { id, step }: Instance,
  { attempts, because }: StepRecord,
  ctx: object,
  up: object,
): Promise<boolean> {
  if (step.spec.settle === undefined) return false;
  say(id, `settling what attempt ${attempts} left`);
  await step.spec.settle(ctx, up as never);
  await record({
    type: 'step.settled',
    step: id,
    attempt: attempts,
    because: `attempt ${attempts} was cut off (${because})`,
  });
  return true;
}
