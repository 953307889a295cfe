import type { PlatformConfig } from '../config/config.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { RunResult } from '../engine/run-options.ts';
import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { failureText } from './error-view.ts';
import { type Style, styleFor } from './style.ts';

export interface Outcome {
  readonly plan: Plan;
  /** Absent when nothing was to be done. */
  readonly result?: RunResult;
  readonly config: PlatformConfig;
}

/** Prints the closing lines of a run. */
export function showResult(outcome: Outcome, host: Host, options: { readonly color: boolean }): void {
  host.stderr.write(resultText(outcome, styleFor(host, host.stderr, options.color)));
}

/** What was built, how long each part took, the critical path, what failed and why, and what to type next. */
export function resultText({ plan, result, config }: Outcome, style: Style): string {
  const where =
    config.target === 'sandbox' ? `${config.environment} (sandbox: a stand-in, not AWS)` : config.environment;
  if (result === undefined) {
    const kept = plan.rows.filter(({ action }) => action === 'keep');
    const rows = kept.map(({ step, because }) => `  ${style.green('=')} ${step.padEnd(24)} ${because}`);
    return `\n${[`${style.bold(`Nothing is to be done in ${where}`)}: ${kept.length} steps are as they should be.`, ...rows, '', ...nextLines(outcomeNext('done', config), style)].join('\n')}\n`;
  }
  const { ending, wall, done, kept, skipped, open, failures } = result;
  const title = {
    done: style.green.bold('Done'),
    failed: style.red.bold('Failed'),
    interrupted: style.yellow.bold('Interrupted'),
  }[ending];
  const lines = [
    '',
    `${title}: ${where} in ${durationText(wall)}; ${done.length} steps done, ${kept.length} kept${failures.length > 0 ? `, ${failures.length} failed` : ''}${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}${open.length > 0 ? `, ${open.length} open` : ''}`,
  ];
  lines.push(...pathLines(result, style));
  for (const { step, failure } of failures) lines.push('', style.bold(step), failureText(failure, style).trimEnd());
  return `${[...lines, '', ...nextLines(outcomeNext(ending, config), style)].join('\n')}\n`;
}

function pathLines({ criticalPath }: RunResult, style: Style): string[] {
  if (criticalPath.steps.length === 0) return [];
  const rows = criticalPath.steps
    .filter(({ work, wait }) => work + wait >= 50)
    .map(
      ({ step, work, wait }) =>
        `  ${step.padEnd(24)} ${durationText(work).padStart(7)} work${wait >= 50 ? ` ${durationText(wait).padStart(7)} until ready` : ''}`,
    );
  const recoverable =
    criticalPath.recoverable >= 100
      ? `; ${durationText(criticalPath.recoverable)} more could be won with endless slots`
      : '';
  return ['', style.bold(`Critical path ${durationText(criticalPath.length)}${recoverable}`), ...rows];
}

function outcomeNext(ending: RunResult['ending'], { environment }: PlatformConfig): readonly string[] {
  if (ending === 'done') return [`platform status --env ${environment}`, `platform runs --env ${environment}`];
  return [
    `platform up --env ${environment} goes on where it was`,
    `platform logs STEP --env ${environment} shows what a tool said`,
  ];
}

const nextLines = (next: readonly string[], style: Style): string[] =>
  next.map((text, index) => `${index === 0 ? style.bold('Next:') : '  or:'} ${text}`);
