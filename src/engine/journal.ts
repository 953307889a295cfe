import { type ErrorCode, PlatformError } from '../errors.ts';
import type { Clock } from '../tools/ports.ts';
import type { AppendFile, JournalFolder, LineFile } from '../tools/ports-engine.ts';
import type { DurableEvent } from './events.ts';
import { type EnvironmentState, foldJournals } from './fold.ts';
import { decodeJournal, encodeRecord, type JournalText } from './record.ts';
import { goodLines, openLines } from './sealed-lines.ts';

/** The journal of one run, open for writing. Whoever opens it holds the lock of the environment. */
export interface Journal {
  readonly run: string;
  /** What all journals of the environment said when this one was opened. */
  readonly state: EnvironmentState;
  /** Bytes of a torn tail that were cut off on opening. */
  readonly repairedBytes: number;
  /**
   * On disk when it resolves (samples of probes: written, not synced). The first failure is final: JOURNAL_WRITE, or
   * DISK_FULL, for this call and every later one, because after a failed fsync the next one may succeed and mean nothing.
   */
  append(event: DurableEvent): Promise<void>;
  close(): Promise<void>;
}

/** Every journal of an environment as text, for `foldJournals`; changes nothing. */
export async function readJournals(folder: JournalFolder): Promise<readonly JournalText[]> {
  return Promise.all((await folder.runs()).map(async (run) => ({ run, text: await folder.file(run).read() })));
}

/**
 * Opens the journal of a run, new or old: reads all journals, cuts off a torn tail of this one, goes on after the last
 * sequence of all. Of a run in which nothing is ever appended no file is left.
 */
export async function openJournal(folder: JournalFolder, run: string, clock: Pick<Clock, 'now'>): Promise<Journal> {
  const texts = await readJournals(folder);
  const state = foldJournals(texts);
  const own = texts.find((text) => text.run === run);
  const decoded = own === undefined ? undefined : decodeJournal(own);
  const file = folder.file(run);
  try {
    if (decoded !== undefined && decoded.tornBytes > 0) await file.truncate(decoded.goodBytes);
    return new FileJournal(run, state, decoded?.tornBytes ?? 0, file, clock);
  } catch (error) {
    throw writeFailure(file.path, error);
  }
}

/** Drops what cannot be trusted from every journal, after keeping a copy; tells each file, its copy and the lines lost. */
export async function repairJournals(folder: JournalFolder): Promise<
  readonly {
    readonly run: string;
    readonly copy: string;
    readonly lines: readonly number[];
    readonly tornBytes: number;
  }[]
> {
  const repaired = [];
  for (const { run, text } of await readJournals(folder)) {
    const { badLines, tornBytes } = openLines(text);
    if (badLines.length === 0 && tornBytes === 0) continue;
    const file: LineFile = folder.file(run);
    const copy = await file.keepCopy();
    await file.replace(goodLines(text));
    repaired.push({ run, copy, lines: badLines, tornBytes });
  }
  return repaired;
}

interface Waiting {
  readonly line: string;
  readonly durable: boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** Group commit: while one batch is being synced, the next one gathers. */
class FileJournal implements Journal {
  readonly run: string;
  readonly state: EnvironmentState;
  readonly repairedBytes: number;
  readonly #file: LineFile;
  #open: AppendFile | undefined;
  readonly #clock: Pick<Clock, 'now'>;
  #sequence: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #failure: PlatformError | undefined;

  constructor(run: string, state: EnvironmentState, repairedBytes: number, file: LineFile, clock: Pick<Clock, 'now'>) {
    this.run = run;
    this.state = state;
    this.repairedBytes = repairedBytes;
    this.#file = file;
    this.#clock = clock;
    this.#sequence = state.lastSequence;
  }

  append(event: DurableEvent): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#sequence += 1;
    const line = encodeRecord({ v: 1, seq: this.#sequence, ts: this.#clock.now(), run: this.run, event });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, durable: event.type !== 'probe.sample', resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#open?.close();
  }

  async #flush(): Promise<void> {
    // One turn later, so that records appended together share the first write too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        this.#open ??= await this.#file.open();
        await this.#open.append(batch.map(({ line }) => line).join(''));
        if (batch.some(({ durable }) => durable)) await this.#open.sync();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#failure ??= writeFailure(this.run, error);
        for (const { reject } of batch) reject(this.#failure);
      }
    }
    this.#flushing = undefined;
  }
}

/** Names what the system said about a write. */
export function writeFailure(what: string, cause: unknown): PlatformError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const code: ErrorCode = reason === 'ENOSPC' || reason === 'EDQUOT' ? 'DISK_FULL' : 'JOURNAL_WRITE';
  return new PlatformError(code, {
    message: `the record of what was done could not be written (${what}${reason === '' ? '' : `, ${reason}`}); nothing new was started, and what runs was left to end`,
    next: [
      code === 'DISK_FULL' ? 'free some space on the disk of the state folder' : 'check the disk of the state folder',
      'type the same command again: it goes on where the journal ends',
    ],
    facts: { reason },
    cause,
  });
}
