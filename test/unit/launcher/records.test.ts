import { closeSync, readdirSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  forgetTool,
  logsFolder,
  logsOf,
  readExit,
  readSpawned,
  recordExit,
  recordSpawned,
  takeId,
} from '../../../src/launcher/records.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const spawn = (folder: string, step: string) => {
  const { id, log, descriptor } = takeId(folder, 'r1', step, 2);
  closeSync(descriptor);
  const process = { id, tool: 'tool', pid: 1, startTime: '1', bootId: 'b', log };
  recordSpawned(folder, { process, run: 'r1', step, attempt: 2 });
  return process;
};

describe('records', () => {
  test('number the tools of an attempt', () => {
    const folder = temporaryFolder();
    expect([spawn(folder, 'a/b').id, spawn(folder, 'a/b').id, spawn(folder, 'c').id]).toEqual([
      'a~b.2.1',
      'a~b.2.2',
      'c.2.1',
    ]);
    expect(readSpawned(folder, 'r1').map(({ step, attempt }) => [step, attempt])).toEqual([
      ['a/b', 2],
      ['a/b', 2],
      ['c', 2],
    ]);
    expect(readSpawned(folder, 'r2')).toEqual([]);
  });

  test('keep the exit code in room that was taken before the tool worked', () => {
    const folder = temporaryFolder();
    const { id } = spawn(folder, 'a');
    const room = `${logsFolder(folder, 'r1')}/${id}.exit.json.tmp`;
    const taken = statSync(room).size;
    expect(readExit(folder, 'r1', id)).toBeUndefined();
    recordExit(folder, 'r1', id, { code: 3, signal: null });
    expect(readExit(folder, 'r1', id)).toEqual({ code: 3, signal: null });
    expect(statSync(`${logsFolder(folder, 'r1')}/${id}.exit.json`).size).toBe(taken);
  });

  test('of a tool whose end was heard are gone, but for its log and what it is the log of', () => {
    const folder = temporaryFolder();
    const { id, log } = spawn(folder, 'a');
    recordExit(folder, 'r1', id, { code: 3, signal: null });
    forgetTool(folder, 'r1', id);
    // Written late, after a full disk: nobody waits for it any more.
    recordExit(folder, 'r1', id, { code: 3, signal: null });
    expect(readSpawned(folder, 'r1')).toEqual([]);
    expect(readdirSync(logsFolder(folder, 'r1'))).toEqual([`${id}.log`, `${id}.tool.json`]);
    expect(logsOf(folder)).toEqual([{ run: 'r1', step: 'a', attempt: 2, tool: 'tool', path: log }]);
  });
});
