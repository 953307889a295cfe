import type { PlatformConfig } from '../config/config.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { RunResult } from '../engine/run-options.ts';
import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { countsText } from './kind-text.ts';
import { keptLines } from './kept-lines.ts';
import { removalFailureLines } from './removal-view-failures.ts';
import { harmless, paragraph } from './screen-lines.ts';
import { type Style, styleFor } from './style.ts';
import type { ShownTeardown } from './teardown-view.ts';
import { goesOf } from './teardown-view-counts.ts';
import { timeLines } from './time-table.ts';

/** How a teardown, or a rebuild, ended. */
export interface Removal {
  readonly verb: 'destroy' | 'rebuild';
  readonly plan: Plan;
  readonly config: PlatformConfig;
  /** What was shown before; absent when nothing was to be done. */
  readonly removal?: Pick<ShownTeardown, 'cluster' | 'counts' | 'kept'>;
  /** Absent when nothing was to be done. */
  readonly result?: RunResult;
}

/** With it the second scan has proven that nothing is left. */
const lastStep = 'destroy-verify';

/** Closes a teardown: lines for people on stderr, or one last NDJSON document on stdout. */
export function showRemoval(
  removal: Removal,
  host: Host,
  options: { readonly color: boolean; readonly json?: boolean },
): void {
  if (options.json === true) host.stdout.write(`${JSON.stringify(removalDocument(removal))}\n`);
  else host.stderr.write(removalText(removal, styleFor(host, host.stderr, options.color), host.stderr.columns || 80));
}

/** `platform/removal/v1`: how a teardown ended, after its events. Durations are milliseconds. */
export function removalDocument(outcome: Removal): object {
  const { verb, config, removal, result } = outcome;
  return {
    type: 'run.result',
    schema: 'platform/removal/v1',
    verb,
    environment: config.environment,
    cluster: removal?.cluster ?? null,
    ...(result ?? nothingDone),
    verified: isVerified(outcome),
    removed: removedOf(outcome),
    kept: removal?.kept ?? [],
  };
}

/** Where nothing was to be done no run was begun; the fields are there all the same. */
const nothingDone = {
  run: null,
  ending: 'done',
  exitCode: 0,
  failures: [],
  done: [],
  skipped: [],
  open: [],
  wall: 0,
  timings: [],
} as const;

/** What went, how long each part took, the critical path, what is left or kept and who removes it, and what to type next. */
export function removalText(outcome: Removal, style: Style, columns: number): string {
  const { result, removal } = outcome;
  const removed = removedOf(outcome);
  const total = removed.reduce((sum, { count }) => sum + count, 0);
  return harmless([
    '',
    ...titleLines(outcome, style, columns),
    ...(total === 0
      ? []
      : ['', style.bold(`What was removed (${total})`), ...paragraph(countsText(removed), 2, columns)]),
    ...(result === undefined ? [] : timeLines(result, style, columns)),
    ...removalFailureLines(result?.failures ?? [], style, columns),
    ...openLines(outcome, style, columns),
    ...keptLines(removal?.kept ?? [], style, columns, (because) => removedBy(because, outcome.config)),
    '',
    ...nextLines(outcome, style, columns),
  ]);
}

function titleLines(outcome: Removal, style: Style, columns: number): string[] {
  const { verb, config, removal, result } = outcome;
  const stand = config.target === 'sandbox' ? ' (sandbox: a stand-in, not AWS)' : '';
  const where = `${config.environment}${stand}${removal === undefined ? '' : `, cluster ${removal.cluster}`}`;
  if (result === undefined)
    return paragraph(`Nothing is there to be removed: ${where}`, 0, columns).map((line) => style.bold(line));
  const left = result.failures.some(({ failure }) => failure.code === 'LEFTOVERS');
  const [word, colour] = left
    ? (['Not all removed', 'red'] as const)
    : (
        {
          done: [verb === 'rebuild' ? 'Rebuilt' : 'Removed', 'green'],
          failed: ['Failed', 'red'],
          interrupted: ['Interrupted', 'yellow'],
        } as const
      )[result.ending];
  const [first = '', ...more] = paragraph(`${word}: ${where}, in ${durationText(result.wall)}`, 0, columns);
  const proof = isVerified(outcome)
    ? 'A second scan, from nothing, found nothing of the old cluster but what stays.'
    : '';
  return [
    `${style[colour].bold(word)}${first.slice(word.length)}`,
    ...more,
    ...(proof === '' ? [] : paragraph(proof, 0, columns)),
  ];
}

function openLines({ result }: Removal, style: Style, columns: number): string[] {
  return result === undefined || result.open.length === 0
    ? []
    : ['', style.bold('Still open'), ...paragraph(result.open.join(', '), 2, columns)];
}

/** What stays keeps the cluster id, and with it the proof that it is ours: the same command takes it away later. */
function removedBy(because: string, config: PlatformConfig): readonly string[] {
  const again = `platform destroy --cleanup --env ${config.environment}`;
  if (because.includes('--keep')) return ['removed by:', again];
  if (because.startsWith('backup:'))
    return ['restored as docs/destroy.md says (Restoring a volume); removed by:', `${again} --delete-data`];
  return because.includes('--delete-data') ? ['removed by:', `${again} --delete-data`] : [];
}

const isVerified = ({ result }: Removal): boolean =>
  result !== undefined && [...result.done, ...result.kept].includes(lastStep);

/** Told only when it was looked at again: what merely was asked to go may still be there. */
function removedOf(outcome: Removal): readonly { readonly kind: string; readonly count: number }[] {
  return isVerified(outcome) && outcome.removal !== undefined ? goesOf(outcome.removal) : [];
}

function nextLines({ verb, config, result, removal }: Removal, style: Style, columns: number): string[] {
  const env = `--env ${config.environment}`;
  const failed = result?.failures[0]?.step ?? '';
  const orphans = `platform status --orphans ${env}`;
  const next =
    (result?.ending ?? 'done') !== 'done'
      ? [
          'type the same command again: it goes on with what is left',
          `${orphans} looks, and changes nothing`,
          ...(failed === '' ? [] : [`platform logs ${failed} ${env} shows what its tool said`]),
        ]
      : verb === 'rebuild'
        ? [`platform status ${env}`, `${orphans} looks for what is left of the old one`]
        : [
            removal?.kept.length
              ? `platform up ${env} builds it anew, upon what stays and under the same cluster id`
              : `platform up ${env} builds it anew, under a new cluster id`,
          ];
  const told = next.flatMap((text, index) =>
    paragraph(text, 6, columns).map((line, more) =>
      more > 0 ? line : `${index === 0 ? style.bold('Next:') : '  or:'} ${line.trimStart()}`,
    ),
  );
  return result === undefined || result.exitCode === 0
    ? told
    : [...told, style.dim(`Exit code ${result.exitCode}; docs/destroy.md says what each means.`)];
}
