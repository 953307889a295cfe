import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DurableEvent } from '../../../src/engine/events.ts';
import { foldJournals } from '../../../src/engine/fold.ts';
import { openJournal, repairJournals } from '../../../src/engine/journal.ts';
import { decodeJournal, encodeRecord } from '../../../src/engine/record.ts';
import { MemoryJournals } from '../../helpers/memory-journal.ts';

const clock = { now: () => 1 };
const intent = (step: string): DurableEvent => ({
  type: 'step.intent',
  step,
  attempt: 1,
  inputs: 'hash',
  because: 'grün, "quoted"\nand broken',
});

async function written(...events: DurableEvent[]) {
  const folder = new MemoryJournals();
  const journal = await openJournal(folder, 'r1', clock);
  for (const event of events) await journal.append(event);
  return { folder, journal, text: folder.files.get('r1') as string };
}

test('a record reads back as it was written', () => {
  const event: DurableEvent = {
    type: 'step.applied',
    step: 'a',
    attempt: 2,
    output: { deep: [null, 'x'], crc: '1' },
    work: 5,
  };
  const record = { v: 1, seq: 7, ts: 3, run: 'r', event } as const;
  expect(decodeJournal({ run: 'r', text: encodeRecord(record) }).records).toEqual([record]);
});

describe('a torn tail', () => {
  test('A28: at every byte of the last two records leaves a valid prefix, which is cut off there and said', async () => {
    const { text } = await written(intent('a'), intent('bä'), intent('c'));
    const bytes = Buffer.from(text);
    const lines = text
      .split('\n')
      .slice(0, 3)
      .map((line) => Buffer.byteLength(line) + 1);
    const [first, second] = lines as [number, number];
    for (let length = first; length < bytes.length; length++) {
      const folder = new MemoryJournals();
      folder.files.set('r1', bytes.subarray(0, length).toString());
      const whole = length < first + second ? 1 : 2;
      const good = whole === 1 ? first : first + second;
      // Half a letter reads back as a longer one: the bytes lost are counted as they are read.
      const read = Buffer.byteLength(folder.files.get('r1') as string);
      const journal = await openJournal(folder, 'r1', clock);
      expect(journal.repairedBytes).toBe(read - good);
      expect(journal.state.lastSequence).toBe(whole);
      await journal.append(intent('again'));
      expect(
        decodeJournal({ run: 'r1', text: folder.files.get('r1') as string }).records.map(({ seq }) => seq),
      ).toEqual(Array.from({ length: whole + 1 }, (_, index) => index + 1));
    }
  });

  test('is not changed by who only reads', async () => {
    const { folder, text } = await written(intent('a'), intent('b'));
    folder.files.set('r1', text.slice(0, -10));
    expect(foldJournals(folder.texts())).toMatchObject({ lastSequence: 1, torn: [{ run: 'r1' }] });
    expect(folder.files.get('r1')).toBe(text.slice(0, -10));
  });
});

describe('damage in the middle', () => {
  test('of any byte is JOURNAL_CORRUPT with line and way out, and repaired by leaving that line out, with a copy', async () => {
    const { text } = await written(intent('a'), intent('b'), intent('c'));
    const lines = text.split('\n');
    await fc.assert(
      fc.asyncProperty(fc.nat((lines[1] as string).length - 1), async (at) => {
        const bad = (lines[1] as string)
          .split('')
          .with(at, (lines[1] as string)[at] === '~' ? '-' : '~')
          .join('');
        const folder = new MemoryJournals();
        folder.files.set('r1', [lines[0], bad, lines[2], ''].join('\n'));
        const damaged = folder.files.get('r1') as string;
        await expect(openJournal(folder, 'r1', clock)).rejects.toMatchObject({
          code: 'JOURNAL_CORRUPT',
          facts: { run: 'r1', line: 2 },
          next: [expect.stringContaining('platform settle --repair-journal')],
        });
        expect(await repairJournals(folder)).toEqual([{ run: 'r1', copy: 'r1.copy', lines: [2], tornBytes: 0 }]);
        expect(folder.files.get('r1.copy')).toBe(damaged);
        expect([...foldJournals([{ run: 'r1', text: folder.files.get('r1') as string }]).steps.keys()]).toEqual([
          'a',
          'c',
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test('a sequence that goes back, and a version from the future, are refused too', () => {
    const line = (seq: number, v = 1) => encodeRecord({ v: v as 1, seq, ts: 0, run: 'r', event: intent('a') });
    expect(() => decodeJournal({ run: 'r', text: line(2) + line(1) })).toThrow('sequence 1 comes after 2');
    expect(() => decodeJournal({ run: 'r', text: line(1, 2) })).toThrow('version 2');
  });
});

describe('writing', () => {
  test('records that wait together share one sync', async () => {
    const folder = new MemoryJournals();
    let syncs = 0;
    folder.fault = async (point) => {
      if (point === 'after-sync') syncs += 1;
    };
    const journal = await openJournal(folder, 'r1', clock);
    await Promise.all(Array.from({ length: 64 }, (_, index) => journal.append(intent(`s${index}`))));
    expect(syncs).toBeLessThanOrEqual(2);
    await journal.append({
      type: 'probe.sample',
      step: 's1',
      probe: 'p',
      is: 'waiting',
      because: 'x',
      elapsed: 1,
      within: 2,
    });
    expect(syncs).toBeLessThanOrEqual(2);
  });

  test('the first failure is final, whatever the disk says afterwards', async () => {
    const { folder, journal } = await written(intent('a'));
    let first = true;
    folder.fault = async (point) => {
      if (point !== 'after-sync' || !first) return;
      first = false;
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    await expect(journal.append(intent('b'))).rejects.toMatchObject({
      code: 'JOURNAL_WRITE',
      facts: { reason: 'EIO' },
    });
    await expect(journal.append(intent('c'))).rejects.toMatchObject({ code: 'JOURNAL_WRITE' });
    expect(folder.files.get('r1')).not.toContain('"c"');
  });

  test('a full disk is DISK_FULL', async () => {
    const { folder, journal } = await written();
    folder.fault = async () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    await expect(journal.append(intent('b'))).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  test('a new run goes on after the sequence of all runs before it', async () => {
    const { folder } = await written(intent('a'), intent('b'));
    const next = await openJournal(folder, 'r2', clock);
    await next.append(intent('c'));
    expect(decodeJournal({ run: 'r2', text: folder.files.get('r2') as string }).records[0]?.seq).toBe(3);
  });
});
