import type { PlatformConfig } from '../config/config.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { RunResult } from '../engine/run-options.ts';
import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { failureText } from './error-view.ts';
import { type Style, styleFor } from './style.ts';
import { timeLines } from './time-table.ts';
import { column, oneLine, wrap } from './text-width.ts';

/** Failures that are told in full; of the others one line each. */
const fullFailures = 3;

export interface Outcome {
  readonly plan: Plan;
  /** Absent when nothing was to be done. */
  readonly result?: RunResult;
  readonly config: PlatformConfig;
  /** Addresses that were proven to answer. */
  readonly endpoints: readonly string[];
}

/** Closes a run: lines for people on stderr, or one last NDJSON document on stdout. */
export function showResult(
  outcome: Outcome,
  host: Host,
  options: { readonly color: boolean; readonly json?: boolean },
): void {
  if (options.json === true) host.stdout.write(`${JSON.stringify(resultDocument(outcome))}\n`);
  else host.stderr.write(resultText(outcome, styleFor(host, host.stderr, options.color), host.stderr.columns || 80));
}

/** `platform/result/v1`: how a command ended, after its events. Durations are milliseconds. */
export function resultDocument({ plan, result, config, endpoints }: Outcome): object {
  const head = { type: 'run.result', schema: 'platform/result/v1', verb: plan.verb, environment: config.environment };
  if (result !== undefined) return { ...head, ...result, endpoints };
  const kept = plan.rows.filter(({ action }) => action === 'keep').map(({ step }) => step);
  return {
    ...head,
    run: null,
    ending: 'done',
    exitCode: 0,
    done: [],
    kept,
    skipped: [],
    open: [],
    failures: [],
    wall: 0,
    timings: [],
    endpoints,
  };
}

/** What was built, how long each part took, the critical path, what failed and why, where to look, and what to type next. */
export function resultText(outcome: Outcome, style: Style, columns: number): string {
  const { plan, result, config } = outcome;
  const where =
    config.target === 'sandbox' ? `${config.environment} (sandbox: a stand-in, not AWS)` : config.environment;
  const lines =
    result === undefined
      ? unchangedLines(plan, where, style, columns)
      : runLines(outcome, result, where, style, columns);
  if ((result?.ending ?? 'done') === 'done') lines.push(...platformLines(outcome, style, columns));
  lines.push('', ...nextLines(outcome, style, columns));
  return `\n${lines.join('\n')}\n`;
}

function unchangedLines({ rows }: Plan, where: string, style: Style, columns: number): string[] {
  const kept = rows.filter(({ action }) => action === 'keep');
  const width = Math.min(30, Math.max(0, ...kept.map(({ step }) => step.length)));
  return [
    ...wrap(`Nothing is to be done in ${where}: ${kept.length} steps are as they should be.`, columns).map((line) =>
      style.bold(line),
    ),
    ...kept.flatMap(({ step, because }) =>
      wrap(oneLine(because), columns - width - 5).map((text, index) =>
        index === 0 ? `  ${style.green('=')} ${column(step, width)} ${text}` : `${' '.repeat(width + 5)}${text}`,
      ),
    ),
  ];
}

function runLines({ config }: Outcome, result: RunResult, where: string, style: Style, columns: number): string[] {
  const { ending, wall, done, kept, skipped, open, failures } = result;
  const title = {
    done: style.green.bold('Done'),
    failed: style.red.bold('Failed'),
    interrupted: style.yellow.bold('Interrupted'),
  }[ending];
  const counts = [
    [done.length, 'done'],
    [kept.length, 'kept'],
    [failures.length, 'failed'],
    [skipped.length, 'skipped'],
    [open.length, 'open'],
  ] as const;
  const lines = [
    `${title}: ${where} in ${durationText(wall)}; ${counts.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : [])).join(', ')}`,
  ];
  lines.push(...timeLines(result, style, columns));
  for (const { step, failure } of failures.slice(0, fullFailures))
    lines.push('', style.bold(step === '' ? 'the run' : step), failureText(failure, style, columns).trimEnd());
  const others = failures.slice(fullFailures);
  if (others.length > 0)
    lines.push(
      '',
      style.bold('Also failed'),
      ...others.flatMap(({ step, failure }) =>
        wrap(`${step}: ${failure.code}: ${oneLine(failure.message)}`, columns - 2).map((text) => `  ${text}`),
      ),
    );
  if (open.length > 0)
    lines.push('', style.bold('Still open'), ...wrap(open.join(', '), columns - 2).map((text) => `  ${text}`));
  if (ending !== 'done')
    lines.push('', `${style.bold('Logs:')} ${below(config, `${config.stateFolder}/logs/${result.run}`)}`);
  return lines;
}

/** What stands there now, and how to get in; nothing after a run that left the making of it out: with --until there may be no cluster yet. */
function platformLines({ plan, config, endpoints }: Outcome, style: Style, columns: number): string[] {
  const isOfCluster = (step: string): boolean => step === 'control-plane' || step.startsWith('join/');
  if (plan.rows.some(({ step, action }) => action === 'skip' && isOfCluster(step))) return [];
  const nodes = Object.keys(config.nodes);
  const what = `Kubernetes ${config.versions.kubernetes} on ${nodes.length} nodes (${nodes.join(', ')}) with ${[config.network.cni, ...config.addons].join(', ')}`;
  return [
    '',
    style.bold('What stands there'),
    ...wrap(what, columns - 2).map((text) => `  ${text}`),
    ...endpoints.map((endpoint) => `  ${style.cyan(endpoint)}`),
    `  kubectl --kubeconfig ${below(config, `${config.stateFolder}/kubeconfig`)} get nodes`,
  ];
}

function nextLines({ plan, result, config: { environment } }: Outcome, style: Style, columns: number): string[] {
  const again = `platform ${plan.verb} --env ${environment}`;
  const failed = result?.failures[0]?.step;
  const next =
    (result?.ending ?? 'done') === 'done'
      ? [`platform status --env ${environment}`, `platform runs --env ${environment}`]
      : [
          `${again} goes on where it was`,
          ...(failed === undefined || failed === ''
            ? []
            : [`platform logs ${failed} --env ${environment} shows what its tool said`]),
        ];
  return next.flatMap((text, index) =>
    wrap(text, columns - 6).map(
      (line, more) => `${more > 0 ? '     ' : index === 0 ? style.bold('Next:') : '  or:'} ${line}`,
    ),
  );
}

/** Relative to platform.yaml: shorter, and the same on every machine. */
const below = ({ root }: PlatformConfig, path: string): string =>
  path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
