import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTimeInStat, systemProcessTable } from '../../../src/tools/process-table.ts';

const table = systemProcessTable(process.pid, process.platform);

describe('the process table', () => {
  test('knows this process, and says the same twice', async () => {
    const facts = await table.facts();
    expect(facts).toEqual(await table.facts());
    expect(facts.pid).toBe(process.pid);
    expect(await table.startTimeOf(process.pid)).toBe(facts.startTime);
    expect(facts.startTime).not.toBe('');
    expect(facts.bootId).not.toBe('');
  });

  test('knows a child while it lives, and not after', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    expect(await table.startTimeOf(child.pid as number)).toBeDefined();
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
    expect(await table.startTimeOf(child.pid as number)).toBeUndefined();
  });

  test.skipIf(process.platform !== 'linux')('tells by ps what it tells by procfs: who lives', async () => {
    const other = systemProcessTable(process.pid, 'darwin');
    expect(await other.startTimeOf(process.pid)).toMatch(/\d{4}$/);
    expect(await other.startTimeOf(4_194_305)).toBeUndefined();
  });
});

test('a name with spaces and parentheses does not shift the fields, and a zombie has ended', () => {
  const fields = (state: string) => `42 (a) b (c)) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654 20`;
  expect(startTimeInStat(fields('S'))).toBe('987654');
  expect(startTimeInStat(fields('Z'))).toBeUndefined();
});
