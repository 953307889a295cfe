import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';

/** Whether a person sits at both ends. */
export function canAsk(host: Host): boolean {
  return host.stdin.isTTY && host.stderr.isTTY && !host.environment['CI'];
}

/** Refuses to ask where nobody can answer: @inquirer takes a piped `y` as consent and waits for ever on a silent pipe. */
function requirePerson(host: Host, question: string, flag: string): void {
  if (canAsk(host)) return;
  throw new PlatformError('NEEDS_YES', { message: question, next: [`answer it with ${flag}`] });
}

/** Asks a yes-or-no question on stderr. Ctrl-C and the end of input are DECLINED. */
export async function confirm(host: Host, question: string, flag: string): Promise<boolean> {
  requirePerson(host, question, flag);
  const prompts = await import('@inquirer/prompts');
  return declined(prompts.confirm({ message: question, default: false }, { output: process.stderr }));
}

export async function ask(
  host: Host,
  question: string,
  flag: string,
  options: { readonly initial?: string; validate?(text: string): true | string } = {},
): Promise<string> {
  requirePerson(host, question, flag);
  const prompts = await import('@inquirer/prompts');
  const { initial, validate } = options;
  return declined(
    prompts.input(
      {
        message: question,
        ...(initial === undefined ? {} : { default: initial }),
        ...(validate === undefined ? {} : { validate }),
      },
      { output: process.stderr },
    ),
  );
}

/** Matched by name: a second copy of the library has classes of its own. */
async function declined<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name))
      throw new PlatformError('DECLINED', { message: 'nothing was changed' });
    throw error;
  }
}
