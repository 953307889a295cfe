import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { type Style, styleFor } from './style.ts';
import { column, oneLine, widthOf, wrap } from './text-width.ts';

const widestName = 28;

interface Part {
  readonly name: string;
  readonly state: 'ok' | 'problem' | 'unknown';
  readonly detail: string;
}

/** What `status --json` prints, and what is drawn here. */
export interface StatusDocument {
  readonly environment: string;
  readonly target: string;
  readonly clusterId: string | null;
  readonly machines: readonly Part[];
  readonly nodes: readonly Part[];
  readonly addons: readonly Part[];
  readonly endpoints: readonly Part[];
  readonly lastRun: {
    readonly run: string;
    readonly verb: string;
    readonly ending: string;
    readonly wall: number | null;
  } | null;
}

/** The platform as it is, section by section, and one closing line that says whether all is well. */
export function statusText(
  status: StatusDocument,
  host: Pick<Host, 'environment' | 'stderr'>,
  options: { readonly color: boolean },
): string {
  const style = styleFor(host, host.stderr, options.color);
  const columns = host.stderr.columns || 80;
  const names = [...status.machines, ...status.nodes, ...status.addons, ...status.endpoints].map(({ name }) => name);
  const width = Math.max(0, ...names.map(widthOf).filter((taken) => taken <= widestName));
  const sandbox = status.target === 'sandbox' ? ' (sandbox: a stand-in, not AWS)' : '';
  const lines = [style.bold(`${status.environment}${sandbox}  ${status.clusterId ?? 'was never built'}`)];
  for (const [title, parts] of [
    ['Machines', status.machines],
    ['Nodes', status.nodes],
    ['Add-ons', status.addons],
    ['Endpoints', status.endpoints],
  ] as const) {
    if (parts.length > 0)
      lines.push('', style.bold(title), ...parts.flatMap((part) => partLines(part, style, width, columns)));
  }
  if (status.lastRun !== null) {
    const { run, verb, ending, wall } = status.lastRun;
    lines.push('', `Last run: ${verb} ${ending}${wall === null ? '' : ` in ${durationText(wall)}`} (${run})`);
  }
  const parts = [...status.machines, ...status.nodes, ...status.addons, ...status.endpoints];
  const bad = parts.filter(({ state }) => state !== 'ok').length;
  lines.push(
    '',
    status.clusterId === null
      ? 'Next: platform up builds it'
      : bad === 0
        ? style.green('All is well.')
        : style.red(`${bad} of ${parts.length} need a look.`),
  );
  return `${lines.join('\n')}\n`;
}

function partLines({ name, state, detail }: Part, style: Style, width: number, columns: number): string[] {
  const mark = { ok: style.green('ok'), problem: style.red('!!'), unknown: style.yellow('??') }[state];
  const beside = columns - width - 6;
  const needed = Math.max(...detail.split(' ').map(widthOf));
  // Below: the answer to a long name, such as the address of a page, and what would be broken in the middle of a word.
  if (widthOf(name) > width || needed > beside)
    return [`  ${mark} ${name}`, ...wrap(oneLine(detail), columns - 9).map((line) => `         ${line}`)];
  return wrap(oneLine(detail), beside).map((line, index) =>
    index === 0 ? `  ${mark} ${column(name, width)} ${line}` : `${' '.repeat(width + 6)}${line}`,
  );
}
