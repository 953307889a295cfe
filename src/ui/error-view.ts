import { afterBug, errorTable, exitCodeOf, isPlatformError, titleOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { type Style, styleFor } from './style.ts';
import { oneLine, wrap } from './text-width.ts';

interface Failed {
  readonly code: string;
  readonly message: string;
  readonly next: readonly string[];
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** Shows an error where people look, and as one JSON document where machines do. */
export function showError(error: unknown, host: Host): void {
  const json = host.arguments.includes('--json');
  if (json) host.stdout.write(`${JSON.stringify(errorDocument(error))}\n`);
  host.stderr.write(errorText(error, host));
}

/** What happened, why, and what to do next. A stack is shown only with --log-level debug. */
export function errorText(
  error: unknown,
  host: Pick<Host, 'environment' | 'stderr' | 'arguments' | 'version'>,
): string {
  const style = styleFor(host, host.stderr, !host.arguments.includes('--no-color'));
  // In a file or a log nothing is broken into lines: a path or a command stays whole, and can be found and copied.
  const columns = host.stderr.columns || Number.POSITIVE_INFINITY;
  const text = failureText(isPlatformError(error) ? error : bugOf(error, host.version), style, columns);
  return wantsDebug(host.arguments)
    ? `${text}${stackOf(error)
        .map((line) => `${style.dim(line)}\n`)
        .join('')}`
    : text;
}

/** One failure as text, no line wider than `columns` but what a tool printed so; also used for each failed step of a run. */
export function failureText(failure: Failed, style: Style, columns = 80): string {
  const { code, message, next, facts = {} } = failure;
  const title = errorTable().find((one) => one.code === code)?.title;
  const lines = [`${style.red.bold(`error ${code}${title === undefined ? '' : ':'}`)} ${title ?? ''}`.trimEnd()];
  for (const line of message.split('\n')) lines.push(...indented('  ', line, columns));
  const told = factsWorthTelling(facts, `${message} ${next.join(' ')}`);
  if (told !== '') lines.push(...indented('  ', told, columns).map((line) => style.dim(line)));
  for (const [index, one] of next.entries()) {
    const [first = '', ...more] = wrap(oneLine(one), columns - 6);
    lines.push(`${index === 0 ? style.bold('Next:') : '  or:'} ${first}`, ...more.map((line) => `      ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

/** An indented line of a message keeps its indentation: lists of problems are written so. */
function indented(indent: string, line: string, columns: number): string[] {
  const inner = indent + (/^ */.exec(line)?.[0] ?? '');
  return wrap(oneLine(line), Math.max(20, columns - inner.length)).map((text) => inner + noCommand(text));
}

/** GitHub's runner takes every line that begins so, indented or not, for a command: what a tool printed must not be one. */
const noCommand = (text: string): string => text.replace(/^::/, ': :');

/** Names and places that neither the message nor the next action tells already; numbers are for machines. */
function factsWorthTelling(facts: Readonly<Record<string, string | number | boolean>>, told: string): string {
  return Object.entries(facts)
    .filter(([, value]) => typeof value === 'string' && value !== '' && !told.includes(value))
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');
}

function bugOf(error: unknown, version: string): Failed {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: 'BUG',
    message,
    next: afterBug.map((text, index) => (index < afterBug.length - 1 ? text : `${text}, and with version ${version}`)),
  };
}

const wantsDebug = (words: readonly string[]): boolean =>
  words.includes('--log-level=debug') || words[words.indexOf('--log-level') + 1] === 'debug';

/** The stack of an error and of each of its causes. */
function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    lines.push(
      `${lines.length > 0 ? 'caused by ' : ''}${at.name}: ${oneLine(at.message)}`,
      ...(at.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')),
    );
  return lines;
}

export function errorDocument(error: unknown): object {
  const schema = 'platform/error/v1';
  const exitCode = exitCodeOf(error);
  if (!isPlatformError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { schema, code: 'BUG', title: titleOf('BUG'), exitCode, message, next: afterBug, facts: {} };
  }
  const { code, message, next, facts } = error;
  return { schema, code, title: titleOf(code), exitCode, message, next, facts };
}
