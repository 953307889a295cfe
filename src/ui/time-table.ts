import type { RunResult } from '../engine/run-options.ts';
import { durationText } from './duration-text.ts';
import type { Style } from './style.ts';
import { column, wrap } from './text-width.ts';

const shortest = 50;
const bar = 12;

/** How long each part took, which of them the run had to wait for, and what could still be won. */
export function timeLines({ timings, criticalPath, wall }: RunResult, style: Style, columns: number): string[] {
  const worked = timings.filter(({ work, wait }) => work + wait >= shortest);
  if (worked.length === 0) return [];
  const critical = new Set(criticalPath.steps.map(({ step }) => step));
  const longest = Math.max(...worked.map(({ work, wait }) => work + wait));
  const width = Math.max(4, Math.min(30, columns - 36 - bar, Math.max(...worked.map(({ step }) => step.length))));
  const cell = (milliseconds: number): string =>
    (milliseconds < shortest ? '' : durationText(milliseconds)).padStart(8);
  const rows = worked.map(({ step, work, wait }) => {
    const length = Math.max(1, Math.round(((work + wait) / longest) * bar));
    const drawn = '█'.repeat(length);
    const mark = critical.has(step) ? style.yellow('*') : ' ';
    return `${mark} ${column(step, width)}${cell(work + wait)}${cell(work)}${cell(wait)}  ${critical.has(step) ? style.yellow(drawn) : style.dim(drawn)}`;
  });
  return [
    '',
    style.bold(`  ${column('Step', width)}${'took'.padStart(8)}${'work'.padStart(8)}${'waiting'.padStart(8)}`),
    ...rows,
    '',
    ...pathLines(criticalPath, wall, style, columns),
  ];
}

function pathLines(
  { steps, length, recoverable }: RunResult['criticalPath'],
  wall: number,
  style: Style,
  columns: number,
): string[] {
  if (steps.length === 0) return [];
  const chain = steps.filter(({ work, wait }) => work + wait >= shortest).map(({ step }) => step);
  const share =
    recoverable >= 1000
      ? `; ${durationText(recoverable)} of ${durationText(wall)} could still be won with more at a time`
      : '; more at a time would win nothing';
  return [
    ...wrap(`Critical path (*) ${durationText(length)}${share}:`, columns).map((line) => style.bold(line)),
    ...wrap(chain.join(' -> '), columns - 2).map((line) => `  ${line}`),
  ];
}
