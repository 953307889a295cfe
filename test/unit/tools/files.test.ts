import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { acquireLock, type LockHolder } from '../../../src/engine/lock.ts';
import { lockFolder, textFiles } from '../../../src/tools/files.ts';
import { journalFolder, lineFile } from '../../../src/tools/line-files.ts';
import type { JournalFolder, LockFolder } from '../../../src/tools/ports-engine.ts';
import { MemoryJournals } from '../../helpers/memory-journal.ts';
import { MemoryLocks } from '../../helpers/memory-locks.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

describe('text files', () => {
  test('are written whole, with their mode, and read back; nothing else is left', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'deep', 'kubeconfig');
    await textFiles.write(path, 'one', 0o600);
    await textFiles.write(path, 'two', 0o600);
    expect(await textFiles.read(path)).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await textFiles.list(join(folder, 'deep'))).toEqual(['kubeconfig']);
    await textFiles.remove(path);
    await textFiles.remove(path);
    expect(await textFiles.read(path)).toBeUndefined();
    expect(await textFiles.list(join(folder, 'none'))).toEqual([]);
  });

  test('that cannot be written are STATE_FOLDER, naming the file and the reason', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(textFiles.write(join(folder, 'file', 'below'), 'x')).rejects.toMatchObject({
      code: 'STATE_FOLDER',
      facts: { path: join(folder, 'file', 'below') },
    });
    await mkdir(join(folder, 'folder'));
    await expect(textFiles.write(join(folder, 'folder'), 'x')).rejects.toMatchObject({ code: 'STATE_FOLDER' });
    expect(await readdir(folder)).toEqual(['file', 'folder']);
  });
});

const folders: [string, () => Promise<LockFolder>][] = [
  ['on disk', async () => lockFolder(temporaryFolder())],
  ['in memory', async () => new MemoryLocks()],
];

describe.each(folders)('a lock folder %s', (_, make) => {
  test('makes a file once, whole, and forgets it', async () => {
    const folder = await make();
    expect(await folder.read('lock')).toBeUndefined();
    const made = await Promise.all(Array.from({ length: 8 }, (__, index) => folder.create('lock', `text ${index}`)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await folder.read('lock')).toBe(`text ${made.indexOf(true)}`);
    await folder.replace('lock', 'other');
    expect(await folder.read('lock')).toBe('other');
    await folder.remove('lock');
    await folder.remove('lock');
    expect(await folder.create('lock', 'again')).toBe(true);
  });

  test('lets one of many take a dead lock', async () => {
    const folder = await make();
    const dead: LockHolder = {
      environment: 'e',
      run: 'dead',
      verb: 'up',
      created: 0,
      pid: 1,
      startTime: '1',
      bootId: 'b',
      pidNamespace: '',
      host: 'h',
      user: 'u',
    };
    await folder.create('lock', JSON.stringify(dead));
    const takers = Array.from({ length: 6 }, (__, index) => ({
      ...dead,
      run: `t${index}`,
      pid: 10 + index,
      startTime: 'now',
    }));
    const port = { folder, processes: { startTimeOf: async (pid: number) => (pid >= 10 ? 'now' : undefined) } };
    const results = await Promise.allSettled(takers.map((taker) => acquireLock(port, taker)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

const journals: [string, () => Promise<JournalFolder>][] = [
  ['on disk', async () => journalFolder(join(temporaryFolder(), 'journal'))],
  ['in memory', async () => new MemoryJournals()],
];

describe.each(journals)('a journal folder %s', (_, make) => {
  test('appends, truncates by bytes, replaces and copies', async () => {
    const folder = await make();
    expect(await folder.runs()).toEqual([]);
    const file = folder.file('run-1');
    expect(await file.read()).toBe('');
    const open = await file.open();
    await open.append('één\n');
    await open.append('two\n');
    await open.sync();
    expect(await file.read()).toBe('één\ntwo\n');
    await file.truncate(6);
    await open.append('three\n');
    await open.close();
    expect(await file.read()).toBe('één\nthree\n');
    expect(await folder.runs()).toEqual(['run-1']);
    await file.keepCopy();
    await file.replace('new\n');
    expect(await file.read()).toBe('new\n');
  });
});

test('copies of a damaged file do not replace each other', async () => {
  const folder = temporaryFolder();
  const file = lineFile(join(folder, 'ledger.ndjson'));
  await file.replace('first');
  const one = await file.keepCopy();
  await file.replace('second');
  const two = await file.keepCopy();
  expect([await textFiles.read(one), await textFiles.read(two)]).toEqual(['first', 'second']);
  await chmod(folder, 0o700);
});
