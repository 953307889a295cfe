import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { type Style, styleFor } from './style.ts';

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
  readonly lastRun: { readonly run: string; readonly verb: string; readonly ending: string; readonly wall: number | null } | null;
}

/** The platform as it is, section by section, and one closing line that says whether all is well. */
export function statusText(status: StatusDocument, host: Pick<Host, 'environment' | 'stderr'>, options: { readonly color: boolean }): string {
  const style = styleFor(host, host.stderr, options.color);
  const sandbox = status.target === 'sandbox' ? ' (sandbox: a stand-in, not AWS)' : '';
  const lines = [style.bold(`${status.environment}${sandbox}  ${status.clusterId ?? 'was never built'}`)];
  for (const [title, parts] of [['Machines', status.machines], ['Nodes', status.nodes], ['Add-ons', status.addons], ['Endpoints', status.endpoints]] as const) {
    if (parts.length > 0) lines.push('', style.bold(title), ...parts.map((part) => partLine(part, style)));
  }
  if (status.lastRun !== null) {
    const { run, verb, ending, wall } = status.lastRun;
    lines.push('', `Last run: ${verb} ${ending}${wall === null ? '' : ` in ${durationText(wall)}`} (${run})`);
  }
  const parts = [...status.machines, ...status.nodes, ...status.addons, ...status.endpoints];
  const bad = parts.filter(({ state }) => state !== 'ok').length;
  lines.push('', status.clusterId === null ? 'Next: platform up builds it' : bad === 0 ? style.green('All is well.') : style.red(`${bad} of ${parts.length} need a look.`));
  return `${lines.join('\n')}\n`;
}

function partLine({ name, state, detail }: Part, style: Style): string {
  const mark = { ok: style.green('ok'), problem: style.red('!!'), unknown: style.yellow('??') }[state];
  return `  ${mark} ${name.padEnd(28)} ${detail}`;
}
