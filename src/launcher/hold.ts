import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { endingWithUs } from '../tools/ends-with-us.ts';
import type { RefusalReason } from './protocol.ts';

/** The exit code of a tool that was held and never let go. */
export const neverWorked = 125;

/**
 * Waits for a line on descriptor 3, then becomes the tool: same pid, same start time. When the descriptor ends instead,
 * because the launcher died or nobody said go, the tool never runs.
 */
const holdUntilGo = `read -r go <&3 || exit ${neverWorked}; exec 3<&-; exec "$@"`;

/** Why a program cannot be started. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface ProgramToStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program that waits for `letGo`, in its own session, with default signal dispositions (Node resets them in the child). */
export async function startHeld(
  program: ProgramToStart,
  withInput: boolean,
): Promise<{ child: ChildProcess; gate: Writable }> {
  return await start((argv) => ['/bin/sh', '-c', holdUntilGo, 'sh', ...argv], program, withInput);
}

/** Starts a program at once, in its own session, that ends with us, also when we are killed. */
export async function startBeside(program: ProgramToStart): Promise<{ child: ChildProcess; gate: Writable }> {
  return await start(endingWithUs, program, false);
}

async function start(
  words: (argv: readonly string[]) => readonly string[],
  program: ProgramToStart,
  withInput: boolean,
): Promise<{ child: ChildProcess; gate: Writable }> {
  // A missing folder and a missing program are the same ENOENT to spawn: they are told apart here.
  if (!isFolder(program.cwd)) throw new Refusal('folder-missing', `the folder ${program.cwd} does not exist`);
  const [name = '', ...rest] = program.argv;
  const path = findProgram(name, program.cwd, program.env['PATH'] ?? '');
  if (path === undefined) throw new Refusal('program-missing', `${name} was not found on PATH`);
  const [shell = '', ...script] = words([path, ...rest]);
  const child = spawn(shell, script, {
    cwd: program.cwd,
    env: program.env,
    detached: true,
    stdio: [withInput ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  await new Promise<void>((started, failed) => {
    child.once('spawn', started);
    child.once('error', (error) =>
      failed(new Refusal('not-started', `${name} could not be started: ${error.message}`)),
    );
  });
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => {});
  return { child, gate };
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Where a program is: a path as it stands, a name by the PATH of the child. */
export function findProgram(name: string, cwd: string, path: string): string | undefined {
  const candidates = name.includes('/')
    ? [resolve(cwd, name)]
    : path
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}
