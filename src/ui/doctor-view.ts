import type { Host } from '../host.ts';
import { type Style, styleFor } from './style.ts';

interface Result {
  readonly id: string;
  readonly title: string;
  readonly state: 'holds' | 'warning' | 'error' | 'skipped';
  readonly because: string;
  readonly findings: readonly {
    readonly level: 'error' | 'warning';
    readonly message: string;
    readonly next: readonly string[];
  }[];
  readonly catalogue: readonly string[];
}

/** What `doctor --json` prints. */
export function doctorDocument(environment: string, results: readonly Result[]): object {
  return {
    schema: 'platform/doctor/v1',
    environment,
    ready: results.every(({ state }) => state !== 'error'),
    checks: results,
  };
}

/** Every check with its answer, findings with what to do below it, and one line that sums them up. */
export function doctorText(
  environment: string,
  results: readonly Result[],
  host: Pick<Host, 'environment' | 'stderr'>,
  options: { readonly color: boolean },
): string {
  const style = styleFor(host, host.stderr, options.color);
  const lines = results.flatMap((result) => checkLines(result, style));
  const errors = results.filter(({ state }) => state === 'error').length;
  lines.push(
    '',
    errors === 0
      ? style.green(`${environment} can be built from here.`)
      : style.red(`${errors} of ${results.length} checks would stop a run.`),
  );
  return `${lines.join('\n')}\n`;
}

function checkLines({ title, state, because, findings }: Result, style: Style): string[] {
  const mark = {
    holds: style.green('ok'),
    warning: style.yellow(' !'),
    error: style.red('!!'),
    skipped: style.dim(' -'),
  }[state];
  const lines = [`${mark} ${title}${because === '' ? '' : style.dim(`  (${because})`)}`];
  for (const { message, next } of findings)
    lines.push(
      ...message.split('\n').map((line) => `     ${line}`),
      ...next.map((one, index) => `     ${index === 0 ? style.bold('Next:') : '  or:'} ${one}`),
    );
  return lines;
}
