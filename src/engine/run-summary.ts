import type { JournalRecord } from './record.ts';
import type { StepId } from './types.ts';

/** One run, for `runs`, `status` and reports. Times are wall-clock milliseconds, durations milliseconds. */
export interface RunSummary {
  readonly run: string;
  readonly verb: string;
  readonly environment: string;
  readonly version: string;
  /** Fingerprint of the configuration. */
  readonly config: string;
  readonly started: number;
  readonly latest: number;
  /** Absent while it runs, and after a crash. */
  readonly ended?: {
    readonly ending: 'done' | 'failed' | 'interrupted';
    readonly exitCode: number;
    readonly wall: number;
  };
  /** How often a process took it up again. */
  readonly resumed: number;
  readonly plan: string;
  readonly done: readonly StepId[];
  readonly kept: readonly StepId[];
  readonly failed: readonly StepId[];
  readonly skipped: readonly StepId[];
  /** What the done ones took. */
  readonly durations: ReadonlyMap<StepId, { readonly work: number; readonly wait: number }>;
}

/** A run of which only one record is known yet. */
export function startRun({ run, ts }: JournalRecord): RunSummary {
  const nothing = { verb: '', environment: '', version: '', config: '', plan: '', resumed: 0 };
  return {
    run,
    started: ts,
    latest: ts,
    ...nothing,
    done: [],
    kept: [],
    failed: [],
    skipped: [],
    durations: new Map(),
  };
}

/** The run with one more record. The lists grow in place: the summary belongs to one fold. */
export function addToRun(summary: RunSummary, { event, ts }: JournalRecord): RunSummary {
  const lists = summary as unknown as { done: StepId[]; kept: StepId[]; failed: StepId[]; skipped: StepId[] };
  switch (event.type) {
    case 'run.created': {
      const { verb, environment, version, config } = event;
      return { ...summary, verb, environment, version, config, latest: ts };
    }
    case 'run.resumed': {
      const { ended: _, ...open } = summary;
      // The new session tells anew which steps fail and which are left out.
      return { ...open, resumed: summary.resumed + 1, failed: [], skipped: [], latest: ts };
    }
    case 'plan.fixed':
      return { ...summary, plan: event.digest, latest: ts };
    case 'run.finished': {
      const { ending, exitCode, wall } = event;
      return { ...summary, ended: { ending, exitCode, wall }, latest: ts };
    }
    case 'step.done':
      lists[event.kept ? 'kept' : 'done'].push(event.step);
      if (!event.kept)
        (summary.durations as Map<StepId, object>).set(event.step, { work: event.work, wait: event.wait });
      break;
    case 'step.failed':
      lists.failed.push(event.step);
      break;
    case 'step.skipped':
      lists.skipped.push(event.step);
      break;
  }
  (summary as { latest: number }).latest = ts;
  return summary;
}

/**
 * The run that the same verb should go on with: its latest, if that was cut off or cancelled. `failed`: also one that ended with failures, for a verb
 * that must not begin anew what it has half behind it.
 */
export function resumableRun(
  runs: readonly RunSummary[],
  verb: string,
  { failed = false }: { readonly failed?: boolean } = {},
): RunSummary | undefined {
  // What `platform settle` writes belongs to no verb, and ends nobody's run.
  const latest = runs.findLast((one) => one.verb !== '');
  if (latest?.verb !== verb) return undefined;
  const goesOn = latest.ended === undefined || latest.ended.ending === 'interrupted';
  return goesOn || (failed && latest.ended?.ending === 'failed') ? latest : undefined;
}
