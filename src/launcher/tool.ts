import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { SpawnedProcess } from '../engine/events.ts';
import { type Companion, startCompanion } from './companion.ts';
import { Refusal, startHeld } from './hold.ts';
import { identityOf } from './identity.ts';
import { createOutput, type Output } from './output.ts';
import type { StartRequest, ToolEnding } from './protocol.ts';
import { forgetTool, recordExit, recordSpawned, takeId } from './records.ts';
import { killSession, signalProcess } from './session.ts';

/** After the tool itself has ended, programs that it left behind may hold its pipes open: how long their words still count. */
const lastWords = 500;
const exitRetry = 1_000;

/** What the launcher's parts share. */
export interface Surroundings {
  readonly stateFolder: string;
  /** Calls once after a time in milliseconds; returns how to take it back. */
  after(duration: number, action: () => void): () => void;
}

export type ToolListener = {
  line(line: string, stream: 'stdout' | 'stderr'): void;
  ended(ending: ToolEnding): void;
};

/** A tool that was started; it works once it has been let go. */
export interface Tool {
  readonly key: string;
  readonly process: SpawnedProcess;
  readonly listeners: Set<ToolListener>;
  letGo(): Promise<void>;
  /** Ends a tool that nobody let go; it never works. */
  abandon(because: string): void;
  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts a tool and records it; throws Refusal when it cannot be started, with nothing left behind. */
export async function holdTool(
  request: StartRequest,
  surroundings: Surroundings,
  gone: (tool: Tool) => void,
): Promise<Tool> {
  const { stateFolder } = surroundings;
  const taken = diskErrorsAsRefusal(() => takeId(stateFolder, request.run, request.step, request.attempt));
  const listeners = new Set<ToolListener>();
  const output = createOutput(taken.descriptor, request.secrets, (line, stream) => {
    for (const listener of listeners) listener.line(line, stream);
  });
  try {
    const env = { ...request.env, PLATFORM_STEP: `${request.run}/${request.step}/${request.attempt}` };
    const { child, gate } = await startHeld({ ...request, env }, request.input !== undefined);
    const record: SpawnedProcess = {
      id: taken.id,
      tool: request.tool,
      pid: child.pid as number,
      ...(await identityOf(child.pid as number)),
      log: taken.log,
    };
    try {
      diskErrorsAsRefusal(() =>
        recordSpawned(stateFolder, { process: record, run: request.run, step: request.step, attempt: request.attempt }),
      );
    } catch (error) {
      gate.end();
      throw error;
    }
    return watchTool(request, record, child, gate, output, listeners, surroundings, gone);
  } catch (error) {
    output.end();
    forgetTool(stateFolder, request.run, taken.id);
    throw error;
  }
}

function watchTool(
  request: StartRequest,
  record: SpawnedProcess,
  child: ChildProcess,
  gate: Writable,
  output: Output,
  listeners: Set<ToolListener>,
  { stateFolder, after }: Surroundings,
  gone: (tool: Tool) => void,
): Tool {
  let state: 'held' | 'starting' | 'working' | 'over' = 'held';
  let never: string | undefined;
  let companion: Companion | undefined;

  const finish = (code: number | null, signal: string | null): void => {
    if (state === 'over') return;
    if (state !== 'working') never ??= 'it was never let go';
    state = 'over';
    companion?.end();
    output.end();
    const why = never === undefined ? {} : { never };
    const ending: ToolEnding = { code, signal, tail: output.tail(), ...why };
    const write = (): void => recordExit(stateFolder, request.run, record.id, { code, signal, ...why });
    writeExit(write, after, () => queueMicrotask(() => gone(tool)));
    for (const listener of listeners) listener.ended(ending);
  };
  const ended = (code: number | null, signal: string | null): void => {
    const cancel = after(lastWords, () => finish(code, signal));
    child.once('close', () => {
      cancel();
      finish(code, signal);
    });
  };
  // Killed while it was recorded: that event is over.
  if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
  else child.once('exit', ended);

  const tool: Tool = {
    key: `${request.run}/${record.id}`,
    process: record,
    listeners,
    async letGo() {
      if (state !== 'held') return;
      state = 'starting';
      if (request.companion !== undefined) {
        try {
          companion = await startCompanion({ ...request.companion, cwd: request.cwd }, output, after);
        } catch (error) {
          never = (error as Error).message;
          gate.end();
          return;
        }
      }
      if (never !== undefined) return;
      state = 'working';
      gate.end('go\n');
      if (request.input !== undefined) {
        child.stdin?.on('error', () => {});
        child.stdin?.end(request.input);
      }
    },
    abandon(because) {
      if (state !== 'held' && state !== 'starting') return;
      never = because;
      gate.end();
    },
    signal(signal) {
      if (state === 'over') return;
      if (state === 'working') {
        if (signal === 'SIGKILL') killSession(record.pid);
        else signalProcess(record.pid, signal);
      } else tool.abandon(`${signal} came before it was let go`);
    },
  };
  if (child.stdout) output.follow(child.stdout, 'stdout');
  if (child.stderr) output.follow(child.stderr, 'stderr');
  return tool;
}

/** An exit code that cannot be written now (a full disk beyond the reserved room) is written as soon as it can be. */
function writeExit(write: () => void, after: Surroundings['after'], written: () => void): void {
  try {
    write();
  } catch {
    after(exitRetry, () => writeExit(write, after, written));
    return;
  }
  written();
}

function diskErrorsAsRefusal<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new Refusal(full ? 'disk-full' : 'not-started', `the record of the tool cannot be written (${code})`);
  }
}
