import type { PlanRow } from '../engine/events.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { Host } from '../host.ts';
import { type Style, styleFor } from './style.ts';

const previewLimit = 12;

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

/** The plan as text: what a person must say first, what stays last, each row with its reason. */
export function planText(
  plan: Pick<Plan, 'verb' | 'environment' | 'rows' | 'pending'>,
  style: Style,
  columns: number,
): string {
  const lines = [style.bold(`${plan.verb} ${plan.environment}`)];
  for (const { actions, title } of groups) {
    const rows = plan.rows.filter((row) => (actions as readonly string[]).includes(row.action));
    if (rows.length === 0) continue;
    lines.push('', style.bold(`${title} (${rows.length})`), ...rows.flatMap((row) => rowLines(row, style, columns)));
  }
  lines.push('', summary(plan));
  return `${lines.join('\n')}\n`;
}

function rowLines(row: PlanRow, style: Style, columns: number): string[] {
  const mark = {
    run: style.yellow('~'),
    probe: style.yellow('?'),
    'known-after': style.cyan('>'),
    keep: style.green('='),
    skip: style.dim('-'),
    ask: style.red('!'),
  }[row.action];
  const name = `  ${mark} ${row.step.padEnd(24)} `;
  const lines = wrap(row.because, Math.max(20, columns - 29)).map((text, index) =>
    index === 0 ? `${name}${text}` : `${' '.repeat(29)}${text}`,
  );
  const preview = row.preview ?? [];
  for (const text of preview.slice(0, previewLimit))
    lines.push(style.dim(`${' '.repeat(31)}${cut(text, Math.max(20, columns - 31))}`));
  if (preview.length > previewLimit)
    lines.push(style.dim(`${' '.repeat(31)}and ${preview.length - previewLimit} more; --json has all`));
  return lines;
}

function summary({ rows, pending }: Pick<Plan, 'rows' | 'pending'>): string {
  const count = (...actions: readonly string[]): number => rows.filter((row) => actions.includes(row.action)).length;
  if (!pending) return `Nothing is to be done: ${count('keep')} steps are as they should be.`;
  const parts = [
    `${count('run', 'probe')} to do`,
    `${count('known-after')} decided on the way`,
    `${count('keep')} kept`,
    ...(count('skip') > 0 ? [`${count('skip')} left out`] : []),
  ];
  return `Plan: ${parts.join(', ')}.`;
}

/** Breaks at spaces; a word longer than the width stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
