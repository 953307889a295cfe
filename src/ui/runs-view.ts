import type { RunSummary } from '../engine/run-summary.ts';
import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';

/** Prints runs as a table, in the order given. */
export function showRuns(runs: readonly RunSummary[], host: Host, _options: object): void {
  host.stderr.write(runs.length === 0 ? 'nothing was run yet\n' : `${runs.map(runLine).join('\n')}\n`);
}

export function runLine(run: RunSummary): string {
  const ending = run.ended === undefined ? 'cut off' : run.ended.ending;
  const took = durationText(run.ended?.wall ?? run.latest - run.started);
  const resumed = run.resumed > 0 ? `, resumed ${run.resumed} times` : '';
  const failed = run.failed.length > 0 ? `; failed: ${run.failed.join(', ')}` : '';
  return `${run.run}  ${run.verb.padEnd(6)} ${ending.padEnd(11)} ${took.padStart(7)}  ${run.done.length} done, ${run.kept.length} kept${resumed}${failed}`;
}
