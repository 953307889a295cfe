import type { JournalRecord } from './record.ts';
import type { StepId } from './types.ts';

/** What one step took; milliseconds. */
export interface Timing {
  readonly step: StepId;
  readonly needs: readonly StepId[];
  readonly work: number;
  /** Being probed. */
  readonly wait: number;
}

export interface CriticalPath {
  /** The chain that took longest, first step first. */
  readonly steps: readonly { readonly step: StepId; readonly work: number; readonly wait: number }[];
  /** How long the run would take with endless slots. */
  readonly length: number;
  /** What the run took beyond that. */
  readonly recoverable: number;
  /** No list scheduler takes longer than this with that many slots and no locks: work over slots, plus the path (Graham 1969). */
  readonly bound: number;
}

/** The longest chain of needs by work and wait. Timings come in topological order; a need without a timing took nothing. */
export function criticalPathOf(timings: readonly Timing[], wall: number, parallel: number): CriticalPath {
  const reach = new Map<StepId, { end: number; timing: Timing; before: StepId | undefined }>();
  let last: StepId | undefined;
  let work = 0;
  for (const timing of timings) {
    let before: StepId | undefined;
    for (const need of timing.needs) {
      if ((reach.get(need)?.end ?? 0) > (before === undefined ? 0 : (reach.get(before)?.end ?? 0))) before = need;
    }
    const end = (before === undefined ? 0 : (reach.get(before)?.end ?? 0)) + timing.work + timing.wait;
    reach.set(timing.step, { end, timing, before });
    work += timing.work;
    if (last === undefined || end > (reach.get(last)?.end ?? 0)) last = timing.step;
  }
  const steps: { step: StepId; work: number; wait: number }[] = [];
  const length = last === undefined ? 0 : (reach.get(last)?.end ?? 0);
  for (let at = last; at !== undefined; at = reach.get(at)?.before) {
    const { step, work: worked, wait } = (reach.get(at) as { timing: Timing }).timing;
    if (worked + wait > 0) steps.unshift({ step, work: worked, wait });
  }
  return { steps, length, recoverable: Math.max(0, wall - length), bound: work / parallel + length };
}

/** The timings of one run from its records, all its sessions together. */
export function timingsOf(records: Iterable<JournalRecord>): readonly Timing[] {
  const timings = new Map<StepId, Timing>();
  for (const { event } of records) {
    if (event.type === 'run.created') {
      for (const { id, needs } of event.steps) timings.set(id, { step: id, needs, work: 0, wait: 0 });
    } else if (event.type === 'step.done' || event.type === 'step.failed') {
      const { step, work, wait } = event;
      const before = timings.get(step) ?? { step, needs: [], work: 0, wait: 0 };
      const kept = event.type === 'step.done' && event.kept;
      if (!kept) timings.set(step, { ...before, work: before.work + work, wait: before.wait + wait });
    }
  }
  return [...timings.values()];
}
