import type { RunSummary } from '../engine/run-summary.ts';
import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { type Style, styleFor } from './style.ts';
import { wrap } from './text-width.ts';

/** Prints runs as a table, in the order given. */
export function showRuns(runs: readonly RunSummary[], host: Host, options: { readonly color: boolean }): void {
  host.stderr.write(runsText(runs, styleFor(host, host.stderr, options.color), host.stderr.columns || 80));
}

/** Runs with how they ended and how long they took; the median of those that did something, because one slow day misleads. */
export function runsText(runs: readonly RunSummary[], style: Style, columns: number): string {
  if (runs.length === 0) return 'nothing was run yet\nNext: platform plan shows what a run would do\n';
  const width = Math.max(3, ...runs.map(({ run }) => run.length));
  const head = `${'run'.padEnd(width)}  ${'verb'.padEnd(7)} ${'ending'.padEnd(11)} ${'took'.padStart(7)}  steps`;
  const rows = runs.flatMap((run) => runLines(run, width, style, columns));
  return `${[style.bold(head), ...rows, ...medianLines(runs)].join('\n')}\n`;
}

function runLines(summary: RunSummary, width: number, style: Style, columns: number): string[] {
  const { run, verb, ended, started, latest, done, kept, failed, resumed } = summary;
  const ending = ended?.ending ?? 'cut off';
  const colour = { done: style.green, failed: style.red, interrupted: style.yellow, 'cut off': style.yellow }[ending];
  const parts = [
    `${done.length} done`,
    `${kept.length} kept`,
    ...(failed.length > 0 ? [`failed: ${[...new Set(failed)].join(' ')}`] : []),
    ...(resumed > 0 ? [`taken up again ${resumed === 1 ? 'once' : `${resumed} times`}`] : []),
  ];
  const left = `${run.padEnd(width)}  ${verb.padEnd(7)} `;
  const took = durationText(ended?.wall ?? latest - started).padStart(7);
  const indent = left.length + 11 + 1 + 7 + 2;
  const [first = '', ...more] = wrap(parts.join(', '), Math.max(16, columns - indent));
  const room = Math.min(indent, Math.max(2, columns - 16));
  return [`${left}${colour(ending.padEnd(11))} ${took}  ${first}`, ...more.map((line) => `${' '.repeat(room)}${line}`)];
}

function medianLines(runs: readonly RunSummary[]): string[] {
  const verbs = [...new Set(runs.map(({ verb }) => verb))];
  return verbs.flatMap((verb) => {
    const walls = runs
      .flatMap((run) =>
        run.verb === verb && run.ended?.ending === 'done' && run.done.length > 0 ? [run.ended.wall] : [],
      )
      .sort((a, b) => a - b);
    const middle = walls.length / 2;
    const median =
      walls.length % 2 === 1 ? walls[Math.floor(middle)] : ((walls[middle - 1] ?? 0) + (walls[middle] ?? 0)) / 2;
    return walls.length < 2 ? [] : [`median of ${walls.length} finished runs of ${verb}: ${durationText(median ?? 0)}`];
  });
}
