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

/** The error for a no. */
export function declined(): PlatformError {
  return new PlatformError('DECLINED', {
    message: 'nothing was changed',
    next: ['type the same command again if you mean it'],
  });
}

/** Asks a yes-or-no question on stderr; `initial` is what Enter says. Ctrl-C and the end of input are DECLINED. */
export async function confirm(host: Host, question: string, flag: string, initial = false): Promise<boolean> {
  requirePerson(host, question, flag);
  const prompts = await import('@inquirer/prompts');
  return onTerminal(host, (terminal) => prompts.confirm({ message: question, default: initial }, terminal));
}

/** Asks for a line of text on stderr. Ctrl-C and the end of input are DECLINED. */
export async function ask(
  host: Host,
  question: string,
  flag: string,
  options: { readonly initial?: string; validate?(text: string): true | string } = {},
): Promise<string> {
  requirePerson(host, question, flag);
  const prompts = await import('@inquirer/prompts');
  const { initial, validate } = options;
  return onTerminal(host, (terminal) =>
    prompts.input(
      {
        message: question,
        ...(initial === undefined ? {} : { default: initial }),
        ...(validate === undefined ? {} : { validate }),
      },
      terminal,
    ),
  );
}

/**
 * Asks a question whose yes is a name, typed: for what cannot be undone. Another name, an empty line, Ctrl-C and the end of input are DECLINED; case
 * counts, since environments may differ in it alone. `flag` is what answers it where nobody sits.
 */
export async function confirmByName(host: Host, question: string, name: string, flag: string): Promise<void> {
  requirePerson(host, question, flag);
  const typed = (await ask(host, `${question} Type ${name} to go on:`, flag)).trim();
  if (typed === name) return;
  throw new PlatformError('DECLINED', {
    message: `${typed === '' ? 'nothing was typed' : `${JSON.stringify(typed)} was typed, not ${name}`}; nothing was changed`,
    next: ['type the same command again if you mean it'],
  });
}

/** Asks for one of a few values on stderr. Ctrl-C and the end of input are DECLINED. */
export async function choose<T extends string>(
  host: Host,
  question: string,
  flag: string,
  choices: readonly { readonly value: T; readonly name: string }[],
): Promise<T> {
  requirePerson(host, question, flag);
  const prompts = await import('@inquirer/prompts');
  return onTerminal(host, (terminal) => prompts.select<T>({ message: question, choices }, terminal));
}

/**
 * Asks on the terminal. The end of input closes the library's readline and leaves its promise open for ever
 * (@inquirer/core 12.1, create-prompt, tried), so that end and Ctrl-D are watched for here. Errors are matched by name: a
 * second copy of the library has classes of its own.
 */
async function onTerminal<T>(host: Host, question: (terminal: Terminal) => Promise<T>): Promise<T> {
  const { input, output } = host.terminal;
  const over = new AbortController();
  const leave = (): void => over.abort();
  const pressed = (_: unknown, key: { readonly ctrl?: boolean; readonly name?: string } | undefined): void => {
    if (key?.ctrl === true && key.name === 'd') leave();
  };
  input.once('end', leave).on('keypress', pressed);
  try {
    return await question({ input, output, signal: over.signal });
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)) throw declined();
    throw error;
  } finally {
    input.removeListener('end', leave).removeListener('keypress', pressed);
  }
}

type Terminal = Host['terminal'] & { readonly signal: AbortSignal };
