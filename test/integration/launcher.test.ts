import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SpawnedProcess } from '../../src/engine/events.ts';
import { createLauncher, type LaunchedCommand } from '../../src/launcher/client.ts';
import { logsOf } from '../../src/launcher/records.ts';
import { answers } from '../../src/launcher/socket.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { Secret } from '../../src/tools/ports.ts';
import { systemProcessTable } from '../../src/tools/process-table.ts';
import type { Launcher } from '../../src/tools/ports-launcher.ts';
import { environment } from '../helpers/environment.ts';
import { freePort } from '../helpers/free-port.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const worker = here('../fixtures/tools/worker.js');
const client = here('../fixtures/tools/client.ts');
const node = process.execPath;
const env = { PATH: environment['PATH'] ?? '' };
const served = new Set<string>();

function launcherIn(stateFolder: string): Launcher {
  const launcher = createLauncher({
    stateFolder,
    entry: here('../../src/launcher/main.ts'),
    node,
    clock: systemClock,
    env: { ...env, TMPDIR: stateFolder.slice(0, 60) },
  });
  // Hooks run last first: every client of the folder has let go before the end of its launcher is awaited.
  if (!served.has(stateFolder))
    onTestFinished(async () => {
      await until('the launcher has ended', () => !existsSync(join(stateFolder, 'launcher.json')));
    });
  served.add(stateFolder);
  onTestFinished(() => launcher.close());
  return launcher;
}

const launcherPid = (folder: string): number => JSON.parse(readFileSync(join(folder, 'launcher.json'), 'utf8')).pid;
const table = systemProcessTable(process.pid, process.platform);
const lives = async (pid: number): Promise<boolean> => (await table.startTimeOf(pid)) !== undefined;
const dead = (pid: number) => until(`process ${pid} has ended`, async () => !(await lives(pid)));

/** One tool of attempt 1 of step `work`; collects what the engine would put into its journal. */
function attempt(launcher: Launcher, step = 'work') {
  const spawned: SpawnedProcess[] = [];
  const processes = launcher.processesFor({
    run: 'r1',
    step,
    attempt: 1,
    spawned: async (process) => {
      spawned.push(process);
    },
  });
  const run = (argv: readonly string[], more: Partial<LaunchedCommand> = {}) =>
    processes.run({ tool: 'worker', argv: [node, worker, ...argv], cwd: process.cwd(), env, ...more });
  return { spawned, run, processes };
}

/** A CLI in a process of its own, to be killed. */
function startClient(
  folder: string,
  mode: string,
  argv: readonly string[],
): { child: ChildProcess; said: () => string } {
  const child = spawn(node, [client, folder, mode, worker, ...argv], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, said: () => said };
}

/** A launcher that no client has asked for yet, and the first line that it says. */
function startLauncher(folder: string): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(node, [here('../../src/launcher/main.ts'), folder], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, said: once(child.stdout, 'data').then(([line]) => String(line).trim()) };
}

describe('a tool', () => {
  test('works after spawned is recorded, and its exit code, output and log are exact', async () => {
    const folder = temporaryFolder();
    const { run, spawned } = attempt(launcherIn(folder), 'join/k8s-worker-1');
    const lines: string[] = [];
    const exit = await run(['--say', 'hello', '--code', '3', '--input'], {
      input: 'typed\n',
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(exit).toMatchObject({
      code: 3,
      signal: null,
      tail: ['hello', 'input: typed'],
      stdout: 'hello\ninput: typed\n',
    });
    expect(lines).toEqual(['stdout hello', 'stdout input: typed']);
    expect(spawned).toHaveLength(1);
    expect(spawned[0]?.id).toBe('join~k8s-worker-1.1.1');
    expect(readFileSync(exit.log, 'utf8')).toBe('hello\ninput: typed\n');
    expect(statSync(exit.log).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'logs', 'r1')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'launcher.sock')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'logs', 'r1'))).toEqual([
      'join~k8s-worker-1.1.1.log',
      'join~k8s-worker-1.1.1.tool.json',
    ]);
    expect(logsOf(folder)).toEqual([
      { run: 'r1', step: 'join/k8s-worker-1', attempt: 1, tool: 'worker', path: exit.log },
    ]);
  });

  test('gets exactly the environment of its command, in a session of its own', async () => {
    const { run, spawned } = attempt(launcherIn(temporaryFolder()));
    const exit = await run(['--environment'], { env: { PATH: env.PATH, ONLY: 'this' } });
    const { PWD: _pwd, OLDPWD: _oldpwd, SHLVL: _level, _: _last, ...rest } = JSON.parse(exit.stdout);
    expect(rest).toEqual({ PATH: env.PATH, ONLY: 'this', PLATFORM_STEP: 'r1/work/1' });
    expect(spawned[0]?.pid).toBeGreaterThan(0);
  });

  test('never works when spawned could not be recorded', async () => {
    const folder = temporaryFolder();
    const processes = launcherIn(folder).processesFor({
      run: 'r1',
      step: 'work',
      attempt: 1,
      spawned: () => Promise.reject(new Error('journal is full')),
    });
    const started = join(folder, 'started');
    const command = { tool: 'worker', argv: [node, worker, '--started', started], cwd: folder, env };
    await expect(processes.run(command)).rejects.toThrow('journal is full');
    await until('its end is on disk', () => existsSync(join(folder, 'logs', 'r1', 'work.1.1.exit.json')));
    expect(JSON.parse(readFileSync(join(folder, 'logs', 'r1', 'work.1.1.exit.json'), 'utf8'))).toMatchObject({
      code: 125,
    });
    expect(existsSync(started)).toBe(false);
  });

  test('that is missing is told apart from a missing folder', async () => {
    const folder = temporaryFolder();
    const { processes } = attempt(launcherIn(folder));
    const start = (tool: string, cwd: string) => processes.run({ tool, argv: [tool], cwd, env });
    await expect(start('terraform-that-is-not-there', folder)).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    await expect(start('node', join(folder, 'gone'))).rejects.toMatchObject({ code: 'STATE_FOLDER' });
    expect(readdirSync(join(folder, 'logs', 'r1')).filter((name) => !name.endsWith('.log'))).toEqual([]);
  });

  test('is interrupted once when its command is aborted, and its end is awaited', async () => {
    const folder = temporaryFolder();
    const { run } = attempt(launcherIn(folder));
    const abort = new AbortController();
    const ready = join(folder, 'started');
    const running = run(['--started', ready, '--wait', join(folder, 'never')], { signal: abort.signal });
    await until('the tool works', () => existsSync(ready));
    abort.abort();
    expect(await running).toMatchObject({ code: 99, stdout: 'interrupt 1\n' });
  });

  test('gets the signals that are sent to its step, and SIGKILL takes its whole session', async () => {
    const folder = temporaryFolder();
    const launcher = launcherIn(folder);
    const { run } = attempt(launcher);
    const ready = join(folder, 'started');
    const said: string[] = [];
    const running = run(['--started', ready, '--wait', join(folder, 'never'), '--ignore-interrupt'], {
      onLine: (line) => said.push(line),
    });
    await until('the tool works', () => existsSync(ready));
    await launcher.signal('other', 'SIGKILL');
    await launcher.signal('work', 'SIGINT');
    await until('it heard the interrupt', () => said.includes('interrupt 1'));
    await launcher.signal('work', 'SIGKILL');
    expect(await running).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});

describe('secrets', () => {
  test('are black in lines, tail and log, also when chunks cut them, and are nowhere on disk', async () => {
    const folder = temporaryFolder();
    const secret = 'correct-horse-battery';
    const { run } = attempt(launcherIn(folder));
    const seen: string[] = [];
    const exit = await run(['--pieces', 'a correct-ho|rse-bat|tery z\n|AKIAABCDEFGH|IJKLMNOP end\n'], {
      secrets: [new Secret(secret)],
      onLine: (line) => seen.push(line),
    });
    expect(seen).toEqual(['a •••••• z', '•••••• end']);
    expect(exit.tail).toEqual(seen);
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
    const texts = paths.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'utf8'));
    expect(texts.join('')).toContain('••••••');
    expect(texts.join('')).not.toContain(secret);
    expect(readFileSync(`/proc/${launcherPid(folder)}/cmdline`, 'utf8')).not.toContain(secret);
  });
});

describe('a client that is killed', () => {
  test('leaves its tool at work: the next one lists it, adopts it and learns the exact exit code', async () => {
    const folder = temporaryFolder();
    const [started, go] = [join(folder, 'started'), join(folder, 'go')];
    const { child } = startClient(folder, 'run', [
      '--started',
      started,
      '--wait',
      go,
      '--last',
      'finished',
      '--code',
      '7',
    ]);
    await until('the tool works', () => existsSync(started));
    child.kill('SIGKILL');
    const launcher = launcherIn(folder);
    const [tool, ...others] = await launcher.list('r1');
    if (tool === undefined) throw new Error('nothing was listed');
    expect(others).toEqual([]);
    expect(tool).toMatchObject({
      run: 'r1',
      step: 'work',
      attempt: 1,
      process: { pid: Number(readFileSync(started, 'utf8')) },
    });
    expect(tool.exit).toBeUndefined();
    const adopted = launcher.adopt(tool, new AbortController().signal);
    writeFileSync(go, '');
    expect(await adopted).toMatchObject({ code: 7, signal: null, tail: ['finished'] });
    expect(await launcher.list('r1')).toEqual([]);
  });

  test('while nobody looked, the tool ended: list says so with its code, and the launcher has ended too', async () => {
    const folder = temporaryFolder();
    const [started, go] = [join(folder, 'started'), join(folder, 'go')];
    const { child } = startClient(folder, 'run', [
      '--started',
      started,
      '--wait',
      go,
      '--last',
      'finished',
      '--code',
      '7',
    ]);
    await until('the tool works', () => existsSync(started));
    const pid = launcherPid(folder);
    child.kill('SIGKILL');
    writeFileSync(go, '');
    await dead(pid);
    expect(existsSync(join(folder, 'launcher.sock'))).toBe(false);
    const launcher = launcherIn(folder);
    const [tool] = await launcher.list('r1');
    if (tool === undefined) throw new Error('nothing was listed');
    expect(tool.exit).toEqual({ code: 7, signal: null });
    expect(await launcher.adopt(tool, new AbortController().signal)).toMatchObject({ code: 7, tail: ['finished'] });
  });

  test('before it said go: the tool never works', async () => {
    const folder = temporaryFolder();
    const started = join(folder, 'started');
    const { child, said } = startClient(folder, 'stall', ['--started', started]);
    await until('the tool is held', () => said().includes('spawned'));
    const pid = launcherPid(folder);
    child.kill('SIGKILL');
    await dead(pid);
    expect(existsSync(started)).toBe(false);
    const [tool] = await launcherIn(folder).list('r1');
    expect(tool?.exit).toEqual({ code: 125, signal: null });
  });
});

describe('a launcher that is killed', () => {
  test('leaves the tool, its code is unknown, and the next tool gets a new launcher', async () => {
    const folder = temporaryFolder();
    const launcher = launcherIn(folder);
    const { run } = attempt(launcher);
    const [started, go] = [join(folder, 'started'), join(folder, 'go')];
    const running = run(['--started', started, '--wait', go]);
    await until('the tool works', () => existsSync(started));
    const first = launcherPid(folder);
    process.kill(first, 'SIGKILL');
    await dead(first);
    const other = launcherIn(folder);
    const [tool] = await other.list('r1');
    expect(tool?.exit).toBeUndefined();
    writeFileSync(go, '');
    expect(await running).toMatchObject({ code: null, signal: null });
    expect(await other.list('r1')).toEqual([]);
    expect(await run(['--code', '4'])).toMatchObject({ code: 4 });
    expect(launcherPid(folder)).not.toBe(first);
  });
});

describe('a launcher', () => {
  test('outlives hangup, Ctrl-C and termination while its tool works, and starts tools with default signals', async () => {
    const folder = temporaryFolder();
    const { run, processes } = attempt(launcherIn(folder));
    const [started, go] = [join(folder, 'started'), join(folder, 'go')];
    const running = run(['--started', started, '--wait', go, '--last', 'still here', '--code', '8']);
    await until('the tool works', () => existsSync(started));
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(launcherPid(folder), signal);
    const command = { tool: 'grep', argv: ['grep', 'SigIgn', '/proc/self/status'], cwd: folder, env };
    expect((await processes.run(command)).stdout.trim()).toBe('SigIgn:\t0000000000000000');
    writeFileSync(go, '');
    expect(await running).toMatchObject({ code: 8, stdout: 'still here\n' });
  });

  test('never waits for a client that does not read', async () => {
    const folder = temporaryFolder();
    const started = join(folder, 'started');
    const { child } = startClient(folder, 'run', ['--lines', '400000', '--started', started, '--code', '2']);
    // Recorded is too early: a client that is stopped before it says go would hold the tool for ever.
    const log = join(folder, 'logs', 'r1', 'work.1.1.log');
    await until('the tool works', () => existsSync(log) && statSync(log).size > 0);
    child.kill('SIGSTOP');
    await until('the tool has said everything', () => existsSync(started));
    child.kill('SIGKILL');
    const launcher = launcherIn(folder);
    const [tool] = await launcher.list('r1');
    if (tool === undefined) throw new Error('nothing was listed');
    expect(await launcher.adopt(tool, new AbortController().signal)).toMatchObject({ code: 2 });
    expect(readFileSync(tool.process.log, 'utf8').split('\n')).toHaveLength(400_001);
  });
});

describe('places', () => {
  test('a state folder with a long path is served from a private folder', async () => {
    const folder = join(temporaryFolder(), 'a'.repeat(60), 'b'.repeat(60));
    mkdirSync(folder, { recursive: true });
    expect(await attempt(launcherIn(folder)).run(['--code', '5'])).toMatchObject({ code: 5 });
    expect(existsSync(join(folder, 'launcher.sock'))).toBe(false);
    const { socket } = JSON.parse(readFileSync(join(folder, 'launcher.json'), 'utf8'));
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
  });

  test('clients that come together share one launcher, and a dead socket is replaced', async () => {
    const folder = temporaryFolder();
    const holder = createServer();
    await new Promise<void>((listening) => holder.listen(join(folder, 'first.sock'), listening));
    writeFileSync(join(folder, 'launcher.sock'), '');
    holder.close();
    const launchers = [launcherIn(folder), launcherIn(folder), launcherIn(folder)];
    const exits = await Promise.all(launchers.map((each) => attempt(each).run(['--code', '6'])));
    expect(exits.map((exit) => exit.code)).toEqual([6, 6, 6]);
    expect(new Set(exits.map((exit) => exit.log)).size).toBe(3);
  });

  test('one that only looks whether somebody answers does not end a launcher that waits for its first client', async () => {
    const folder = temporaryFolder();
    const { child, said } = startLauncher(folder);
    expect(await said).toBe('listening');
    expect(await answers(join(folder, 'launcher.sock'))).toBe(true);
    expect(await attempt(launcherIn(folder)).run(['--code', '4'])).toMatchObject({ code: 4 });
    expect(launcherPid(folder)).toBe(child.pid);
  });

  test('of many that start together on a dead socket, one listens and the others see it answer', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'launcher.sock'), '');
    const started = Array.from({ length: 5 }, () => startLauncher(folder));
    const said = await Promise.all(started.map((each) => each.said));
    expect(said.toSorted()).toEqual([...Array<string>(4).fill('another launcher answers'), 'listening']);
    expect(launcherPid(folder)).toBe(started[said.indexOf('listening')]?.child.pid);
    expect(await answers(join(folder, 'launcher.sock'))).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes('lock'))).toEqual([]);
  });
});

describe('a companion', () => {
  const companion = here('../fixtures/tools/companion.js');

  test('is ready before the tool works and gone after it', async () => {
    const folder = temporaryFolder();
    const { run } = attempt(launcherIn(folder));
    const [started, go, pidFile] = [join(folder, 'started'), join(folder, 'go'), join(folder, 'companion')];
    const port = await freePort();
    const running = run(['--started', started, '--wait', go], {
      companion: { argv: [node, companion, String(port), pidFile], env, port, within: 20_000 },
    });
    await until('the tool works', () => existsSync(started));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(await lives(pid)).toBe(true);
    writeFileSync(go, '');
    expect(await running).toMatchObject({ code: 0 });
    await dead(pid);
  });

  test('dies with its launcher, also with one that is killed', async () => {
    const folder = temporaryFolder();
    const { run } = attempt(launcherIn(folder));
    const [started, go, pidFile] = [join(folder, 'started'), join(folder, 'go'), join(folder, 'companion')];
    const port = await freePort();
    const running = run(['--started', started, '--wait', go], {
      companion: { argv: [node, companion, String(port), pidFile], env, port, within: 20_000 },
    });
    await until('the tool works', () => existsSync(started));
    process.kill(launcherPid(folder), 'SIGKILL');
    await dead(Number(readFileSync(pidFile, 'utf8')));
    writeFileSync(go, '');
    expect(await running).toMatchObject({ code: null });
    // The launcher that was killed could not remove its record: the next one replaces it.
    await attempt(launcherIn(folder)).run(['--code', '0']);
  });

  test('that fails keeps the tool from working, and says why', async () => {
    const folder = temporaryFolder();
    const { run } = attempt(launcherIn(folder));
    const started = join(folder, 'started');
    const port = await freePort();
    const failing = run(['--started', started], {
      companion: { argv: [node, companion, 'no-port', ''], env, port, within: 20_000 },
    });
    await expect(failing).rejects.toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('code 255') });
    expect(existsSync(started)).toBe(false);
  });
});
