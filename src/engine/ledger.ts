import { PlatformError } from '../errors.ts';
import type { LedgerEntry, LedgerWriter } from '../tools/ports.ts';
import type { LineFile } from '../tools/ports-engine.ts';
import { canonicalJson } from './fingerprint.ts';
import { writeFailure } from './journal.ts';
import { goodLines, type OpenedLines, openLines, sealLine } from './sealed-lines.ts';

/** The ledger of an environment; `mirror` copies it beside the Terraform state. A torn tail is cut off at the first write, damage in the middle is JOURNAL_CORRUPT. */
export function openLedger(file: LineFile, mirror: () => Promise<void>): LedgerWriter {
  let writing: Promise<void> = Promise.resolve();
  const load = async () => {
    const opened = await openSound(file);
    return {
      ...opened,
      entries: uniqueEntries((opened.values as (LedgerEntry & { crc: string })[]).map(({ crc: _, ...entry }) => entry)),
    };
  };
  const write = async (entries: readonly LedgerEntry[]): Promise<void> => {
    const { entries: known, tornBytes, goodBytes } = await load();
    const texts = new Set(known.map(canonicalJson));
    const fresh = uniqueEntries(entries).filter((entry) => !texts.has(canonicalJson(entry)));
    if (fresh.length === 0) return;
    try {
      if (tornBytes > 0) await file.truncate(goodBytes);
      const open = await file.open();
      try {
        await open.append(fresh.map(sealLine).join(''));
        await open.sync();
      } finally {
        await open.close();
      }
    } catch (error) {
      throw writeFailure(file.path, error);
    }
  };
  return {
    entries: async () => (await load()).entries,
    record(entries) {
      // One after the other: two steps may record the same thing at the same time.
      const next = writing.then(() => write(entries));
      writing = next.catch(() => undefined);
      return next;
    },
    retire(entries) {
      const next = writing.then(async () => {
        const gone = new Set(entries.map(canonicalJson));
        const { entries: known } = await load();
        const left = known.filter((entry) => !gone.has(canonicalJson(entry)));
        if (left.length === known.length) return undefined;
        const copy = await file.keepCopy();
        await file.replace(left.map(sealLine).join(''));
        return copy;
      });
      writing = next.then(
        () => undefined,
        () => undefined,
      );
      return next;
    },
    mirror,
  };
}

/** JOURNAL_CORRUPT when a ledger is damaged in the middle: to be known before anything is begun. */
export async function refuseDamagedLedger(file: LineFile): Promise<void> {
  await openSound(file);
}

async function openSound(file: LineFile): Promise<OpenedLines> {
  const opened = openLines(await file.read());
  if (opened.badLines[0] !== undefined) throw damaged(file.path, opened.badLines[0]);
  return opened;
}

/** Drops what cannot be trusted from a ledger, after keeping a copy; undefined when nothing was wrong. */
export async function repairLedger(
  file: LineFile,
): Promise<{ readonly copy: string; readonly lines: readonly number[] } | undefined> {
  const text = await file.read();
  const { badLines, tornBytes } = openLines(text);
  if (badLines.length === 0 && tornBytes === 0) return undefined;
  const copy = await file.keepCopy();
  await file.replace(goodLines(text));
  return { copy, lines: badLines };
}

function uniqueEntries(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return [...new Map(entries.map((entry) => [canonicalJson(entry), entry])).values()];
}

function damaged(path: string, line: number): PlatformError {
  return new PlatformError('JOURNAL_CORRUPT', {
    message: `line ${line} of the ledger ${path} cannot be trusted: its checksum does not match`,
    next: ['platform settle --repair-journal (keeps a copy; what is missing is found again by tags)'],
    facts: { file: path, line },
  });
}
