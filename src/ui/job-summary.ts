import type { Failure } from '../engine/events.ts';
import { deedsText } from './deeds.ts';
import { durationText } from './duration-text.ts';
import type { RunPicture, StepPicture } from './run-picture.ts';
import { oneLine } from './text-width.ts';

/** GitHub refuses a summary above 1 MiB (docs.github.com, "Adding a job summary"); room is left for other summaries of the step. */
const limit = 900 * 1024;
/** Mermaid draws nothing above 50,000 characters (mermaid.js.org, maxTextSize). */
const ganttLimit = 40_000;

/** The job summary in Markdown: how it ended, what failed, how long each part took, and when. */
export function jobSummary(
  picture: RunPicture,
  failures: readonly { readonly step: string; readonly failure: Failure }[],
  title: string,
  now: number,
): string {
  const steps = [...picture.steps.values()];
  const worked = steps.filter(({ since }) => since !== undefined);
  const kept = steps.filter(({ state }) => state === 'kept').length;
  const ended = { done: '✅ Done', failed: '❌ Failed', interrupted: '⚠️ Interrupted' }[picture.ending ?? 'interrupted'];
  const parts = [
    `## ${ended}: ${cell(title)} in ${durationText(now - picture.started)}`,
    '',
    `${worked.length} steps worked on, ${kept} kept as they are, ${failures.length} failed.`,
    '',
    ...failures.flatMap(({ step, failure }) => [
      `### ${cell(step)}: ${failure.code}`,
      '',
      fenced(failure.message),
      '',
      ...failure.next.map((next) => `- Next: ${cell(next)}`),
      '',
    ]),
    ...table(worked, now),
    ...deeds(worked),
    ...gantt(worked, picture.started, now),
  ];
  return cutLines(parts, limit);
}

function table(steps: readonly StepPicture[], now: number): string[] {
  if (steps.length === 0) return [];
  const rows = steps.map((step) => {
    const took = step.until === undefined && step.since !== undefined ? now - step.since : step.work + step.wait;
    return `| ${cell(step.id)} | ${step.state} | ${durationText(took)} | ${durationText(step.work)} | ${durationText(step.wait)} |`;
  });
  return ['| Step | Result | Took | Work | Until ready |', '|---|---|--:|--:|--:|', ...rows, ''];
}

function deeds(steps: readonly StepPicture[]): string[] {
  const told = steps.flatMap((step) => (step.deeds.size === 0 ? [] : [`- ${cell(step.id)}: ${deedsText(step.deeds)}`]));
  return told.length === 0 ? [] : ['Done to the world, one line of the log and of the journal each:', '', ...told, ''];
}

/** Seconds since the start as dates, because a Mermaid axis knows nothing else. */
function gantt(steps: readonly StepPicture[], started: number, now: number): string[] {
  const shown = steps.filter(({ since, until }) => (until ?? now) - (since ?? now) >= 500);
  if (shown.length === 0) return [];
  const lines = shown.map((step) => {
    const from = Math.round(((step.since as number) - started) / 1000);
    const to = Math.max(from + 1, Math.round(((step.until ?? now) - started) / 1000));
    const tag = step.state === 'failed' ? 'crit, ' : step.state === 'done' ? 'done, ' : '';
    return `    ${step.id.replaceAll(/[:;#,]/g, ' ')} :${tag}${from}, ${to}`;
  });
  const head = ['```mermaid', 'gantt', '    dateFormat X', '    axisFormat %M:%S', '    section Steps'];
  const chart = [...head, ...lines, '```', ''];
  return chart.join('\n').length <= ganttLimit ? chart : [];
}

function cutLines(lines: readonly string[], bytes: number): string {
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += Buffer.byteLength(line) + 1;
    if (size > bytes) return `${kept.join('\n')}\n\nCut here: the whole is longer than GitHub shows.\n`;
    kept.push(line);
  }
  return `${kept.join('\n')}\n`;
}

const cell = (text: string): string => oneLine(text).replaceAll(/[\\|<>`*_[\]]/g, String.raw`\$&`);

/** A fence that nothing inside can close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
