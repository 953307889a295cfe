import type { DurableEvent, Failure, SpawnedProcess } from './events.ts';
import { decodeJournal, type JournalRecord, type JournalText } from './record.ts';
import { addToRun, type RunSummary, startRun } from './run-summary.ts';
import type { Json, StepId } from './types.ts';

/** What the journals say about one instance. One without a record is untouched. */
export interface StepRecord {
  readonly id: StepId;
  readonly state: 'in-doubt' | 'applied' | 'done' | 'failed' | 'interrupted';
  /** The run that wrote the latest record; the launcher knows its tools by it. */
  readonly run: string;
  /** Over all runs of the environment. */
  readonly attempts: number;
  /** Fingerprint of the inputs of the latest attempt, or of the keeping. */
  readonly inputs: string;
  /** Absent in states without one. */
  readonly output?: Json;
  readonly failure?: Failure;
  readonly because: string;
  /** Milliseconds of the attempt that made it; keeping does not count. */
  readonly work: number;
  readonly wait: number;
  /** Tools of the attempt in doubt that nobody has seen end. */
  readonly processes: readonly SpawnedProcess[];
  readonly at: number;
}

/** All that the journals of an environment say, since it was last removed. */
export interface EnvironmentState {
  readonly steps: ReadonlyMap<StepId, StepRecord>;
  /** Oldest first; runs of earlier lives of the environment too. */
  readonly runs: readonly RunSummary[];
  /** Of all records. */
  readonly lastSequence: number;
  /** Journals that end in half a record. */
  readonly torn: readonly { readonly run: string; readonly bytes: number }[];
}

/** Reads all journals of an environment into one state. Pure. Damage is JOURNAL_CORRUPT; a torn tail is only noted. */
export function foldJournals(texts: readonly JournalText[]): EnvironmentState {
  const decoded = texts.map((text) => ({ run: text.run, ...decodeJournal(text) }));
  const torn = decoded
    .filter(({ tornBytes }) => tornBytes > 0)
    .map(({ run, tornBytes }) => ({ run, bytes: tornBytes }));
  const records = decoded.flatMap((journal) => journal.records);
  if (decoded.length > 1) records.sort((a, b) => a.seq - b.seq || (a.run < b.run ? -1 : 1));
  return { ...foldRecords(records), torn };
}

/** The same for records in their order. */
export function foldRecords(records: Iterable<JournalRecord>): EnvironmentState {
  const steps = new Map<StepId, StepRecord>();
  const runs = new Map<string, RunSummary>();
  let lastSequence = 0;
  for (const record of records) {
    lastSequence = Math.max(lastSequence, record.seq);
    const before = runs.get(record.run);
    const after = addToRun(before ?? startRun(record), record);
    if (after !== before) runs.set(record.run, after);
    if (endsEpoch(record.event)) steps.clear();
    else foldStep(steps, record);
  }
  return { steps, runs: [...runs.values()], lastSequence, torn: [] };
}

const endsEpoch = (event: DurableEvent): boolean =>
  event.type === 'epoch.closed' || (event.type === 'step.done' && event.epoch === 'closed');

function foldStep(steps: Map<StepId, StepRecord>, { event, run, ts }: JournalRecord): void {
  if (!('step' in event)) return;
  const id = event.step;
  const before = steps.get(id);
  const base = { id, run, at: ts };
  switch (event.type) {
    case 'step.intent': {
      const { attempt, inputs, because } = event;
      steps.set(id, {
        ...base,
        state: 'in-doubt',
        attempts: attempt,
        inputs,
        because,
        work: 0,
        wait: 0,
        processes: [],
      });
      return;
    }
    case 'step.spawned':
      // A tool that settles an earlier run's attempt belongs to the run that started it; those before it were awaited.
      if (before) steps.set(id, { ...before, run, processes: [...before.processes, event.process] });
      return;
    case 'step.adopted':
      if (before)
        steps.set(id, { ...before, processes: before.processes.filter((process) => process.id !== event.process.id) });
      return;
    case 'step.applied':
      if (before)
        steps.set(id, { ...before, ...base, state: 'applied', output: event.output, work: event.work, processes: [] });
      return;
    case 'step.done': {
      const { attempt, inputs, output, because, kept } = event;
      const { work, wait } = kept && before ? before : event;
      steps.set(id, { ...base, state: 'done', attempts: attempt, inputs, output, because, work, wait, processes: [] });
      return;
    }
    case 'step.failed': {
      const { attempt, failure, work, wait } = event;
      const inputs = before?.inputs ?? '';
      steps.set(id, {
        ...base,
        // Cut off at its deadline, or not even judged after an earlier cut: still nobody knows how far it came.
        state: failure.facts['interrupted'] === true ? 'interrupted' : 'failed',
        attempts: attempt,
        inputs,
        failure,
        because: failure.message,
        work,
        wait,
        processes: [],
      });
      return;
    }
    case 'step.interrupted':
      // Its tools stay on the list: whoever goes on must see them end first.
      if (before) steps.set(id, { ...before, ...base, state: 'interrupted', because: event.because });
      return;
    case 'step.forgotten':
      steps.delete(id);
      return;
    case 'step.audit':
    case 'step.settled':
    case 'step.skipped':
    case 'probe.sample':
      return;
  }
}
