import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** A program that runs until it is stopped. Nothing goes through a shell, and nothing of our environment is inherited. */
export interface ChildStart {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** File that stdout and stderr are appended to; made with its folder, 0600. */
  readonly log: string;
  /** In a session of its own, and not waited for: it lives on when we end. */
  readonly detached: boolean;
}

export interface Child {
  readonly pid: number;
  /** Resolves, never rejects, with how it ended: "exit code 1", "SIGKILL". */
  readonly ended: Promise<string>;
}

/** Starts a program; resolves when the system has started it, rejects with the system's error when it cannot. */
export async function startChild({ argv, env, cwd, log, detached }: ChildStart): Promise<Child> {
  const [program = '', ...rest] = argv;
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(program, rest, { cwd, env, detached, stdio: ['ignore', output, output] });
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', () => resolve());
      child.once('error', reject);
    });
    if (detached) child.unref();
    return { pid: child.pid ?? 0, ended };
  } finally {
    closeSync(output);
  }
}

/** Sends one signal to one process; false when it is gone. */
export function signalTo(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end with pipes of its own, and gives exit code and output. */
export function runAside(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly output: string }> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve) => {
    execFile(program, rest, { env: { ...env }, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, output: `${stdout}${stderr}${code === 255 ? (error?.message ?? '') : ''}` });
    });
  });
}

/** Becomes another program: same pid, so that signals and the exit code are its own. Returns only when that is impossible. */
export function becomeProgram(program: string, argv: readonly string[], env: Readonly<Record<string, string>>): void {
  process.execve?.(program, [program, ...argv], { ...env });
}
