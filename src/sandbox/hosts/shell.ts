import { PlatformError } from '../../errors.ts';
import { runAside } from '../../tools/children.ts';

/** Programs of the system only, in words that do not depend on the user's language. */
export const systemEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
} as const;

/** Runs a program of the system to its end and gives what it said. SANDBOX_FAILED says what failed, in the program's own words. */
export async function run(...argv: readonly string[]): Promise<string> {
  const { code, output } = await runAside(argv, systemEnvironment);
  if (code === 0) return output;
  throw new PlatformError('SANDBOX_FAILED', {
    message: `${argv.join(' ').slice(0, 200)}: ${output.trim().split('\n').slice(-3).join(' / ') || `exit code ${code}`}`,
    next: ['platform sandbox down', 'then start it again: platform sandbox up'],
    facts: { exit: code },
  });
}

/** Whether the program ends with 0. */
export async function succeeds(...argv: readonly string[]): Promise<boolean> {
  return (await runAside(argv, systemEnvironment)).code === 0;
}

/** What the program said; '' when it failed. */
export async function saidBy(...argv: readonly string[]): Promise<string> {
  const { code, output } = await runAside(argv, systemEnvironment);
  return code === 0 ? output.trim() : '';
}
