import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { execa } from 'execa';
import { PlatformError } from '../errors.ts';
import { throwIfAborted } from './aborted.ts';
import { endingWithUs } from './ends-with-us.ts';
import { missingTool } from './missing-tool.ts';
import type { Command, Exit, Processes } from './ports.ts';
import { createRedactor } from './redact.ts';

const tailLength = 200;
/** A reading call that does not end on SIGTERM is killed after this time, in milliseconds: it has nothing to save. */
const patience = 5_000;

/**
 * Runs reading calls: programs that change nothing and may die with us. Each gets exactly its environment and no standard
 * input; output of any size never kills it. Lines and tail are redacted; `stdout` is as the program wrote it, for parsing.
 * An abort ends the program, and the call rejects with the abort's reason or INTERRUPTED.
 */
export function createReadingProcesses(): Processes {
  return { run };
}

async function run(command: Command): Promise<Exit> {
  const { tool, cwd, env, signal } = command;
  const argv = command.endsWithUs === true ? endingWithUs(command.argv) : command.argv;
  throwIfAborted(signal, tool);
  // A missing folder and a missing program are the same ENOENT to the system (execa's documentation does not tell them apart either).
  const folder = await stat(cwd).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new PlatformError('STATE_FOLDER', {
      message: `${tool} cannot start: the folder ${cwd} does not exist`,
      next: ['check the paths in platform.yaml'],
      facts: { tool, folder: cwd },
    });
  }
  const [program = '', ...rest] = argv;
  const child = execa(program, rest, {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    forceKillAfterDelay: patience,
    ...standardInput(command),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const tail: string[] = [];
  let stdout = '';
  const finish = [
    follow(child.stdout, command, 'stdout', tail, (text) => {
      stdout += text;
    }),
    follow(child.stderr, command, 'stderr', tail, () => {}),
  ];
  const result = await child;
  for (const end of finish) end();
  throwIfAborted(signal, tool);
  if (result.code === 'ENOENT' || result.code === 'EACCES') throw missingTool(tool, program, result.code);
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new PlatformError('TOOL_FAILED', {
      message: `${tool} could not be started: ${result.code ?? 'unknown reason'}`,
      class: 'transient',
      next: ['run the same command again'],
      facts: { tool },
    });
  }
  return { code: result.exitCode ?? null, signal: result.signal ?? null, tail, stdout, log: '' };
}

/** What ends with us holds a pipe to us on descriptor 3. */
function standardInput({ input, endsWithUs }: Command) {
  if (endsWithUs === true) return { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] } as const;
  return input === undefined ? ({ stdin: 'ignore' } as const) : { input };
}

/** Reads one stream; returns what passes on the last, unfinished line. */
function follow(
  readable: Readable | null | undefined,
  command: Command,
  stream: 'stdout' | 'stderr',
  tail: string[],
  raw: (text: string) => void,
): () => void {
  const decoder = new StringDecoder('utf8');
  const redactor = createRedactor((command.secrets ?? []).map((secret) => secret.reveal()));
  let held = '';
  const take = (text: string): void => {
    const lines = (held + text).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) pass(line.replace(/\r$/, ''));
  };
  const pass = (line: string): void => {
    tail.push(line);
    if (tail.length > tailLength) tail.shift();
    command.onLine?.(line, stream);
  };
  readable?.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    raw(text);
    take(redactor.push(text));
  });
  return () => {
    const rest = decoder.end();
    raw(rest);
    take(redactor.push(rest) + redactor.end());
    if (held !== '') pass(held);
  };
}
