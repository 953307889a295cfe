import type { PlanRow } from '../engine/events.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { Host } from '../host.ts';
import { type Style, styleFor } from './style.ts';
import { column, fit, oneLine, wrap } from './text-width.ts';

const previewLimit = 12;
const widestStep = 30;

const groups = [
  { actions: ['ask'], title: 'a person must say' },
  { actions: ['run', 'probe'], title: 'will be done' },
  { actions: ['known-after'], title: 'decided on the way' },
  { actions: ['skip'], title: 'left out' },
  { actions: ['keep'], title: 'stays as it is' },
] as const;

/** Prints a plan for people. */
export function showPlan(plan: Plan, host: Host, options: { readonly color: boolean }): void {
  host.stderr.write(planText(plan, styleFor(host, host.stderr, options.color), host.stderr.columns || 80));
}

/** The plan as text, no line wider than `columns`: what a person must say first, what stays last, each row with its reason. */
export function planText(
  plan: Pick<Plan, 'verb' | 'environment' | 'rows' | 'pending'>,
  style: Style,
  columns: number,
): string {
  const width = Math.min(
    widestStep,
    Math.floor(columns / 2) - 5,
    Math.max(0, ...plan.rows.map(({ step }) => step.length)),
  );
  const lines = [style.bold(`${plan.verb} ${plan.environment}`)];
  for (const { actions, title } of groups) {
    const rows = plan.rows.filter((row) => (actions as readonly string[]).includes(row.action));
    if (rows.length === 0) continue;
    lines.push(
      '',
      style.bold(`${title} (${rows.length})`),
      ...rows.flatMap((row) => rowLines(row, style, width, columns)),
    );
  }
  lines.push('', ...wrap(summary(plan), columns));
  return `${lines.join('\n')}\n`;
}

function rowLines(row: PlanRow, style: Style, width: number, columns: number): string[] {
  const mark = {
    run: style.yellow('~'),
    probe: style.yellow('?'),
    'known-after': style.cyan('>'),
    keep: style.green('='),
    skip: style.dim('-'),
    ask: style.red('!'),
  }[row.action];
  const indent = ' '.repeat(width + 5);
  const [first, ...more] = wrap(oneLine(row.because), columns - indent.length);
  const lines = [`  ${mark} ${column(row.step, width)} ${first}`, ...more.map((text) => indent + text)];
  const preview = row.preview ?? [];
  const inside = (text: string): string => style.dim(`${indent}  ${fit(oneLine(text), columns - indent.length - 2)}`);
  lines.push(...preview.slice(0, previewLimit).map(inside));
  if (preview.length > previewLimit) lines.push(inside(`and ${preview.length - previewLimit} more; --json has all`));
  return lines;
}

function summary({ rows, pending }: Pick<Plan, 'rows' | 'pending'>): string {
  const count = (...actions: readonly string[]): number => rows.filter((row) => actions.includes(row.action)).length;
  if (!pending) return `Nothing is to be done: ${count('keep')} steps are as they should be.`;
  const parts = [
    [count('ask'), 'wait for a person'],
    [count('run', 'probe'), 'to do'],
    [count('known-after'), 'decided on the way'],
    [count('keep'), 'kept'],
    [count('skip'), 'left out'],
  ] as const;
  return `Plan: ${parts.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : [])).join(', ')}.`;
}
