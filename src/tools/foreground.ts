import { constants } from 'node:os';
import { execa } from 'execa';
import { missingTool } from './missing-tool.ts';

/**
 * Gives the terminal to a program until it ends, and tells its exit code as a shell would: its own, or 128 and the signal. Signals that reach us are
 * the program's: it sits on the same terminal and hears Ctrl-C itself, and TERM is passed on. TOOL_MISSING when there is no such program.
 */
export async function runInForeground(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signals: AsyncIterable<'SIGINT' | 'SIGTERM'>,
): Promise<number> {
  const [program = '', ...words] = argv;
  const child = execa(program, words, { env, extendEnv: false, stdio: 'inherit', reject: false, buffer: false });
  const hear = async (): Promise<void> => {
    for await (const signal of signals) if (signal === 'SIGTERM') child.kill('SIGTERM');
  };
  void hear();
  const { exitCode, signal, code } = await child;
  if (code === 'ENOENT' || code === 'EACCES') throw missingTool(program, program, code);
  if (signal !== undefined) return 128 + (constants.signals[signal] ?? 0);
  return exitCode ?? 1;
}
