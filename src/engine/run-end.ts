import { exitCodeOf } from '../errors.ts';
import { criticalPathOf } from './critical-path.ts';
import { errorOf, failureOf } from './failure.ts';
import type { Run } from './run.ts';
import type { RunResult } from './run-options.ts';
import type { Node } from './schedule.ts';

/** Puts the end on disk and says how it went. */
export async function closeRun(run: Run, ending: RunResult['ending'], elapsed: number): Promise<RunResult> {
  const wall = Math.round(elapsed);
  const failures = run.failures.flatMap(({ step, live }) =>
    live.failure === undefined ? [] : [{ step, failure: live.failure }],
  );
  if (run.lost === undefined) await finish(run, ending, wall, failures);
  if (run.lost !== undefined) failures.unshift({ step: '', failure: failureOf(run.lost) });
  const where = (wanted: (node: Node) => boolean): string[] =>
    run.schedule.nodes.filter(wanted).map(({ task }) => task.id);
  const timings = run.schedule.nodes.map(({ task }) => {
    const live = run.lives.get(task.id);
    const worked = task.action !== 'keep' && task.action !== 'skip' && live !== undefined;
    return { step: task.id, needs: task.needs, work: worked ? live.work : 0, wait: worked ? live.wait : 0 };
  });
  const kept = (node: Node): boolean =>
    node.phase === 'done' && (node.task.action === 'keep' || run.lives.get(node.task.id)?.kept === true);
  return {
    run: run.options.journal.run,
    ending: run.lost === undefined ? ending : 'failed',
    exitCode: exitCode(run, ending, failures),
    failures,
    done: where((node) => node.phase === 'done' && !kept(node)),
    kept: where(kept),
    skipped: where(({ phase }) => phase === 'skipped'),
    open: where(({ phase }) => phase !== 'done' && phase !== 'skipped' && phase !== 'failed'),
    wall,
    timings,
    criticalPath: criticalPathOf(timings, wall, run.options.parallel),
  };
}

async function finish(
  run: Run,
  ending: RunResult['ending'],
  wall: number,
  failures: RunResult['failures'],
): Promise<void> {
  try {
    await run.engine.record({ type: 'run.finished', ending, exitCode: exitCode(run, ending, failures), wall });
  } catch {
    // The loss is kept by the run, and becomes its result.
  }
}

/** The first failure speaks for all; a lost journal for everything. */
function exitCode(
  { lost, signal, timedOut }: Run,
  ending: RunResult['ending'],
  failures: RunResult['failures'],
): number {
  if (lost !== undefined) return exitCodeOf(lost);
  if (ending === 'done') return 0;
  if (ending === 'interrupted') return signal === 'SIGTERM' ? 143 : signal === undefined && timedOut ? 11 : 130;
  return failures[0] === undefined ? 10 : exitCodeOf(errorOf(failures[0].failure));
}
