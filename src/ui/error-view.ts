import { type ErrorCode, exitCodeOf, isPlatformError, titleOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { styleFor } from './style.ts';

interface Failed {
  readonly code: string;
  readonly message: string;
  readonly next: readonly string[];
}

/** Shows an error where people look, and as one JSON document where machines do. */
export function showError(error: unknown, host: Host): void {
  const json = host.arguments.includes('--json');
  if (json) host.stdout.write(`${JSON.stringify(errorDocument(error))}\n`);
  host.stderr.write(errorText(error, host));
}

/** What happened, why, and what to do next. A stack is shown only for bugs, or when asked for with --log-level debug. */
export function errorText(
  error: unknown,
  host: Pick<Host, 'environment' | 'stderr' | 'arguments' | 'version'>,
): string {
  const style = styleFor(host, host.stderr);
  if (isPlatformError(error)) return failureText(error, style);
  const message = error instanceof Error ? error.message : String(error);
  const lines = [`${style.red.bold('error BUG:')} ${titleOf('BUG')}`, `  ${message}`];
  if (error instanceof Error && error.stack !== undefined)
    lines.push(
      ...error.stack
        .split('\n')
        .slice(1, 6)
        .map((line) => style.dim(line)),
    );
  lines.push(
    `Next: run it again, it goes on where it was; then report this with the lines above and version ${host.version}`,
  );
  return `${lines.join('\n')}\n`;
}

/** One failure as text; also used for each failed step of a run. */
export function failureText(failure: Failed, style: ReturnType<typeof styleFor>): string {
  const [first = '', ...more] = failure.message.split('\n');
  const lines = [
    `${style.red.bold(`error ${failure.code}:`)} ${titleOf(failure.code as ErrorCode)}`,
    `  ${first}`,
    ...more.map((line) => `  ${line}`),
  ];
  lines.push(...failure.next.map((next, index) => `${index === 0 ? style.bold('Next:') : '  or:'} ${next}`));
  return `${lines.join('\n')}\n`;
}

export function errorDocument(error: unknown): object {
  if (!isPlatformError(error))
    return {
      schema: 'platform/error/v1',
      code: 'BUG',
      exitCode: 1,
      message: error instanceof Error ? error.message : String(error),
      next: [],
      facts: {},
    };
  return {
    schema: 'platform/error/v1',
    code: error.code,
    exitCode: exitCodeOf(error),
    message: error.message,
    next: error.next,
    facts: error.facts,
  };
}
