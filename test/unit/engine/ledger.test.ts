import { describe, expect, test } from 'vitest';
import { openLedger, repairLedger } from '../../../src/engine/ledger.ts';
import { MemoryJournals } from '../../helpers/memory-journal.ts';

const role = { kind: 'iam-role', id: 'nodes', unique: { roleId: 'AROA1' }, step: 'infrastructure' };
const volume = { kind: 'volume', id: 'vol-1', unique: { created: '2026-01-01' }, step: 'redis' };

function ledger() {
  const folder = new MemoryJournals();
  let mirrored = 0;
  return { folder, file: folder.file('ledger'), mirrored: () => mirrored, mirror: async () => void (mirrored += 1) };
}

describe('a ledger', () => {
  test('B10: holds each entry once, a namesake with other facts beside it, and reads back in order', async () => {
    const { file, mirror, mirrored } = ledger();
    const writer = openLedger(file, mirror);
    await Promise.all([
      writer.record([role, volume]),
      writer.record([role]),
      writer.record([{ ...role, unique: { roleId: 'AROA2' } }]),
    ]);
    expect(await openLedger(file, mirror).entries()).toEqual([role, volume, { ...role, unique: { roleId: 'AROA2' } }]);
    await writer.mirror();
    expect(mirrored()).toBe(1);
  });

  test('with a torn tail is cut off at the next entry; damage in the middle is refused until repaired', async () => {
    const { folder, file, mirror } = ledger();
    await openLedger(file, mirror).record([role, volume]);
    const text = folder.files.get('ledger') as string;
    folder.files.set('ledger', text.slice(0, -5));
    await openLedger(file, mirror).record([volume]);
    expect(folder.files.get('ledger')).toBe(text);
    folder.files.set('ledger', text.replace('nodes', 'other'));
    await expect(openLedger(file, mirror).entries()).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      facts: { line: 1 },
    });
    expect(await repairLedger(file)).toEqual({ copy: 'ledger.copy', lines: [1] });
    expect(await openLedger(file, mirror).entries()).toEqual([volume]);
  });

  test('drops what is gone for good, keeps the rest, and a copy of how it was', async () => {
    const { folder, file, mirror } = ledger();
    const writer = openLedger(file, mirror);
    await writer.record([role, volume]);
    const before = folder.files.get('ledger');
    const copy = await writer.retire([volume]);
    expect(await writer.entries()).toEqual([role]);
    expect(folder.files.get(copy as string)).toBe(before);
    expect(await writer.retire([volume])).toBeUndefined();
    await writer.record([volume]);
    expect(await writer.entries()).toEqual([role, volume]);
  });

  test('on a full disk says so, and can be written to once there is room', async () => {
    const { folder, file, mirror } = ledger();
    const writer = openLedger(file, mirror);
    folder.fault = async () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    await expect(writer.record([role])).rejects.toMatchObject({ code: 'DISK_FULL' });
    folder.fault = async () => undefined;
    await writer.record([role]);
    expect(await writer.entries()).toEqual([role]);
  });
});
