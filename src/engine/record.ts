import { PlatformError } from '../errors.ts';
import type { DurableEvent } from './events.ts';
import { openLines, sealLine } from './sealed-lines.ts';

/** An event as the journal holds it. `seq` orders all records of an environment, over all its runs; `ts` is for people. */
export interface JournalRecord {
  readonly v: 1;
  readonly seq: number;
  readonly ts: number;
  readonly run: string;
  readonly event: DurableEvent;
}

/** The text of one journal. */
export interface JournalText {
  readonly run: string;
  readonly text: string;
}

export interface DecodedJournal {
  readonly records: readonly JournalRecord[];
  readonly goodBytes: number;
  readonly tornBytes: number;
}

interface Line {
  v: number;
  seq: number;
  ts: number;
  run: string;
  type: string;
  step?: string;
  attempt?: number;
  data: object;
}

/** One line, newline included. */
export function encodeRecord({ v, seq, ts, run, event }: JournalRecord): string {
  const { type, step, attempt, ...data } = event as DurableEvent & { step?: string; attempt?: number };
  return sealLine({ v, seq, ts, run, type, step, attempt, data });
}

/**
 * The records of one journal. A torn tail (what a crash in the middle of a write leaves) is left out and measured;
 * a bad line with good ones after it, or a sequence that goes back, is JOURNAL_CORRUPT.
 */
export function decodeJournal({ run, text }: JournalText): DecodedJournal {
  const { values, goodBytes, tornBytes, badLines } = openLines(text);
  if (badLines[0] !== undefined) throw corrupt(run, badLines[0], 'its checksum does not match');
  const records: JournalRecord[] = [];
  let last = 0;
  for (const value of values as Line[]) {
    if (value.v !== 1)
      throw corrupt(run, records.length + 1, `it has version ${value.v}, and this platform reads version 1`);
    if (value.seq <= last) throw corrupt(run, records.length + 1, `sequence ${value.seq} comes after ${last}`);
    last = value.seq;
    records.push({ v: 1, seq: value.seq, ts: value.ts, run: value.run, event: eventOf(value) });
  }
  return { records, goodBytes, tornBytes };
}

/** Builds on the parsed payload, which nobody else has: a journal may hold a hundred thousand records. */
function eventOf({ type, step, attempt, data }: Line): DurableEvent {
  const event = data as Record<string, unknown>;
  event['type'] = type;
  if (step !== undefined) event['step'] = step;
  if (attempt !== undefined) event['attempt'] = attempt;
  return event as DurableEvent;
}

function corrupt(run: string, line: number, why: string): PlatformError {
  return new PlatformError('JOURNAL_CORRUPT', {
    message: `line ${line} of the journal of run ${run} cannot be trusted: ${why}`,
    next: ['platform settle --repair-journal (keeps a copy; what the line said is settled by looking)'],
    facts: { run, line },
  });
}
