import type { SpawnedProcess } from '../engine/events.ts';
import type { Clock, Command, Exit, Processes } from '../tools/ports.ts';
import { throwIfAborted } from '../tools/aborted.ts';
import type { LaunchedTool, Launcher } from '../tools/ports-launcher.ts';
import type { Connection } from './connection.ts';
import { isAlive } from './identity.ts';
import { explainRefusal, toolNeverWorked } from './failures.ts';
import type { CompanionRequest, Reply, ToolEnding } from './protocol.ts';
import { forgetTool, readExit, readRuns, readSpawned, readTail, type SpawnedRecord } from './records.ts';
import { killSession, signalProcess } from './session.ts';
import { ensureLauncher, findLauncher, type LauncherPlace } from './start.ts';

/** How often a tool whose launcher is dead is looked at, in milliseconds. */
const lookEvery = 100;
/** Standard output kept for the caller, in characters; the log has all of it. */
const stdoutKept = 8 * 1024 * 1024;

/** A tool that needs a tunnel (or another companion) while it works. */
export type LaunchedCommand = Command & { readonly companion?: CompanionRequest };

/** The launcher of an environment, as a client sees it. Starts the launcher with the first tool. */
export function createLauncher(place: LauncherPlace & { readonly clock: Clock }): Launcher {
  const { stateFolder, clock } = place;
  let connecting: Promise<Connection> | undefined;
  let current: Connection | undefined;

  const connected = async (): Promise<Connection> => {
    if (current?.isOpen()) return current;
    connecting ??= ensureLauncher(place).finally(() => {
      connecting = undefined;
    });
    current = await connecting;
    return current;
  };
  const present = async (): Promise<Connection | undefined> => {
    if (current?.isOpen()) return current;
    if (connecting) return await connecting;
    current = await findLauncher(place);
    return current;
  };
  const living = async (): Promise<ReadonlySet<string>> => {
    const reply = await (await present())?.ask({ do: 'living' });
    return new Set(reply?.is === 'living' ? reply.tools : []);
  };

  /** The end of a tool that no launcher watches: its pid and start time vanish, or its exit code is on disk. */
  const watchAlone = async (run: string, recorded: SpawnedProcess, signal?: AbortSignal): Promise<ToolEnding> => {
    for (;;) {
      const gone = !(await isAlive(recorded));
      const exit = readExit(stateFolder, run, recorded.id);
      if (exit !== undefined || gone) return { code: null, signal: null, ...exit, tail: readTail(recorded.log, 200) };
      signal?.throwIfAborted();
      await clock.sleep(lookEvery, signal);
    }
  };

  /**
   * Waits for the end over the connection, and on disk when the launcher goes away meanwhile. `begin` speaks to the launcher
   * once we listen, and says whether it knows the tool.
   */
  const awaitEnd = async (
    connection: Connection,
    run: string,
    recorded: SpawnedProcess,
    begin: () => Promise<boolean>,
    signal?: AbortSignal,
  ): Promise<ToolEnding> => {
    signal?.throwIfAborted();
    const key = `${run}/${recorded.id}`;
    const over = new AbortController();
    const ended = new Promise<ToolEnding>((done) => {
      const listener = (reply: Reply): void => {
        if (reply.is === 'ended' && reply.tool === key) done(reply.ending);
      };
      connection.listeners.add(listener);
      over.signal.addEventListener('abort', () => connection.listeners.delete(listener));
    });
    const left = new Promise<undefined>((done) =>
      signal?.addEventListener('abort', () => done(undefined), { signal: over.signal }),
    );
    try {
      const known = await begin();
      const ending = known ? await Promise.race([ended, connection.closed.then(() => undefined), left]) : undefined;
      return ending ?? (await watchAlone(run, recorded, signal));
    } finally {
      over.abort();
    }
  };

  const exitOf = (run: string, recorded: SpawnedProcess, ending: ToolEnding, stdout: string): Exit => {
    forgetTool(stateFolder, run, recorded.id);
    return { code: ending.code, signal: ending.signal, tail: ending.tail, stdout, log: recorded.log };
  };

  const run = async (attempt: Parameters<Launcher['processesFor']>[0], command: LaunchedCommand): Promise<Exit> => {
    throwIfAborted(command.signal, command.tool);
    const connection = await connected();
    const reply = await connection.ask({
      do: 'start',
      run: attempt.run,
      step: attempt.step,
      attempt: attempt.attempt,
      tool: command.tool,
      argv: command.argv,
      cwd: command.cwd,
      env: command.env,
      secrets: (command.secrets ?? []).map((secret) => secret.reveal()),
      ...(command.input === undefined ? {} : { input: command.input }),
      ...(command.companion === undefined ? {} : { companion: command.companion }),
    });
    if (reply?.is !== 'held') throw explainRefusal(command, reply?.is === 'refused' ? reply : undefined);
    const { tool, process: recorded } = reply;
    try {
      await attempt.spawned(recorded);
      throwIfAborted(command.signal, command.tool);
    } catch (error) {
      connection.send({ do: 'abandon', tool });
      throw error;
    }
    let stdout = '';
    const listen = (seen: Reply): void => {
      if (seen.is !== 'line' || seen.tool !== tool) return;
      if (seen.stream === 'stdout' && stdout.length < stdoutKept) stdout += `${seen.line}\n`;
      command.onLine?.(seen.line, seen.stream);
    };
    // One polite signal, once; the tool's end is awaited, whatever it makes of it.
    const interrupt = (): void => {
      if (connection.isOpen()) connection.send({ do: 'signal', tool, signal: 'SIGINT' });
      else void isAlive(recorded).then((alive) => alive && signalProcess(recorded.pid, 'SIGINT'));
    };
    connection.listeners.add(listen);
    command.signal?.addEventListener('abort', interrupt, { once: true });
    try {
      const ending = await awaitEnd(connection, attempt.run, recorded, async () => {
        connection.send({ do: 'go', tool });
        return true;
      });
      const exit = exitOf(attempt.run, recorded, ending, stdout);
      if (ending.never !== undefined) throw toolNeverWorked(command, ending);
      return exit;
    } finally {
      connection.listeners.delete(listen);
      command.signal?.removeEventListener('abort', interrupt);
    }
  };

  const describe = async (record: SpawnedRecord, alive: ReadonlySet<string>): Promise<LaunchedTool> => {
    const { process: recorded, run: of, step, attempt } = record;
    const lives = alive.has(`${of}/${recorded.id}`) || (await isAlive(recorded));
    const exit = readExit(stateFolder, of, recorded.id) ?? (lives ? undefined : { code: null, signal: null });
    const known = exit === undefined ? {} : { exit: { code: exit.code, signal: exit.signal } };
    return { process: recorded, run: of, step, attempt, ...known };
  };

  return {
    async list(of) {
      const alive = await living();
      return Promise.all(readSpawned(stateFolder, of).map((record) => describe(record, alive)));
    },
    async adopt(tool, signal) {
      const connection = await present();
      const follow = async (): Promise<boolean> => {
        const reply = await connection?.ask({ do: 'follow', tool: `${tool.run}/${tool.process.id}` });
        return reply?.is === 'following' && reply.known;
      };
      const ending =
        connection === undefined
          ? await watchAlone(tool.run, tool.process, signal)
          : await awaitEnd(connection, tool.run, tool.process, follow, signal);
      return exitOf(tool.run, tool.process, ending, '');
    },
    async signal(step, signal) {
      const alive = await living();
      for (const record of readRuns(stateFolder).flatMap((each) => readSpawned(stateFolder, each))) {
        const tool = `${record.run}/${record.process.id}`;
        if (record.step !== step) continue;
        if (alive.has(tool)) current?.send({ do: 'signal', tool, signal });
        else if (!(await isAlive(record.process))) continue;
        else if (signal === 'SIGKILL') killSession(record.process.pid);
        else signalProcess(record.process.pid, signal);
      }
    },
    processesFor: (attempt): Processes => ({ run: (command) => run(attempt, command) }),
    async close() {
      const connection = current ?? (await connecting?.catch(() => undefined));
      connection?.end();
      await connection?.closed;
      current = undefined;
    },
  };
}
