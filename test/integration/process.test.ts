import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { PlatformError } from '../../src/errors.ts';
import { type Command, Secret } from '../../src/tools/ports.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { systemProcessTable } from '../../src/tools/process-table.ts';
import { environment } from '../helpers/environment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const worker = fileURLToPath(new URL('../fixtures/tools/worker.js', import.meta.url));
const reader = fileURLToPath(new URL('../fixtures/tools/reader.ts', import.meta.url));
const table = systemProcessTable(process.pid, process.platform);
const env = { PATH: environment['PATH'] ?? '' };
const run = async (argv: readonly string[], more: Partial<Command> = {}) =>
  await createReadingProcesses().run({
    tool: 'worker',
    argv: [process.execPath, worker, ...argv],
    cwd: temporaryFolder(),
    env,
    ...more,
  });

test('gives exit code and output, and closes standard input', async () => {
  expect(await run(['--say', 'hello', '--input', '--code', '3'])).toEqual({
    code: 3,
    signal: null,
    tail: ['hello'],
    stdout: 'hello\n',
    log: '',
  });
});

test('gives input when there is some', async () => {
  expect((await run(['--input'], { input: 'typed' })).stdout).toBe('input: typed');
});

test('gives exactly the environment of the command', async () => {
  expect(JSON.parse((await run(['--environment'], { env: { PATH: env.PATH, ONLY: 'this' } })).stdout)).toEqual({
    PATH: env.PATH,
    ONLY: 'this',
  });
});

test('redacts lines and tail; what is parsed stays as it was', async () => {
  const lines: string[] = [];
  const exit = await run(['--pieces', 'a correct-ho|rse-battery z\n'], {
    secrets: [new Secret('correct-horse-battery')],
    onLine: (line, stream) => lines.push(`${stream} ${line}`),
  });
  expect(lines).toEqual(['stdout a •••••• z']);
  expect(exit.tail).toEqual(['a •••••• z']);
  expect(exit.stdout).toBe('a correct-horse-battery z\n');
});

test('takes any amount of output', async () => {
  const exit = await run(['--lines', '500000']);
  expect(exit.code).toBe(0);
  expect(exit.stdout).toHaveLength(500_000 * 'some words of a tool\n'.length);
  expect(exit.tail).toHaveLength(200);
});

test('tells a missing program from a missing folder', async () => {
  await expect(run([], { tool: 'helm', argv: ['helm-of-nowhere'] })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    next: [expect.stringContaining('https://helm.sh'), expect.anything()],
  });
  await expect(run([], { cwd: join(temporaryFolder(), 'gone') })).rejects.toMatchObject({ code: 'STATE_FOLDER' });
});

test.each([
  ['INTERRUPTED', undefined],
  ['NOT_READY_IN_TIME', new PlatformError('NOT_READY_IN_TIME', { message: 'too late' })],
] as const)('is ended by an abort, with %s', async (code, reason) => {
  const ready = join(temporaryFolder(), 'started');
  const abort = new AbortController();
  const running = run(['--started', ready, '--wait', `${ready}.never`], { signal: abort.signal }).catch(
    (error: unknown) => error,
  );
  await until('the program works', () => existsSync(ready));
  abort.abort(reason);
  expect(await running).toMatchObject({ code });
  await expect(run([], { signal: abort.signal })).rejects.toMatchObject({ code });
});

test('ends with us when it is told to, however we end', async () => {
  const folder = temporaryFolder();
  const started = join(folder, 'started');
  const argv = ['--started', started, '--wait', join(folder, 'never')];
  const caller = spawn(process.execPath, [reader, worker, ...argv], { env, cwd: folder, stdio: 'ignore' });
  onTestFinished(() => void caller.kill('SIGKILL'));
  await until('the worker works', () => existsSync(started) && readFileSync(started, 'utf8') !== '');
  const pid = Number(readFileSync(started, 'utf8'));
  expect(await table.startTimeOf(pid)).toBeDefined();
  caller.kill('SIGKILL');
  await until('the worker has ended', async () => (await table.startTimeOf(pid)) === undefined);
});

test('what ends with us is ended by an abort too, and gives its exit code when it ends by itself', async () => {
  expect(await run(['--say', 'hello', '--code', '3'], { endsWithUs: true })).toMatchObject({
    code: 3,
    stdout: 'hello\n',
  });
  const folder = temporaryFolder();
  const started = join(folder, 'started');
  const over = new AbortController();
  const running = run(['--started', started, '--wait', join(folder, 'never')], {
    endsWithUs: true,
    signal: over.signal,
  });
  await until('the worker works', () => existsSync(started) && readFileSync(started, 'utf8') !== '');
  const pid = Number(readFileSync(started, 'utf8'));
  over.abort();
  await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await until('the worker has ended', async () => (await table.startTimeOf(pid)) === undefined);
});
