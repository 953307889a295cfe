import { deedsInShort, deedsText } from './deeds.ts';
import { durationText } from './duration-text.ts';
import { isActive, type RunPicture, type StepPicture, type StepState, tellsSpell, waitsFor } from './run-picture.ts';
import type { Style } from './style.ts';
import { column, fit, widthOf, wrap } from './text-width.ts';

export interface FrameOptions {
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  readonly columns: number;
  /** Lines that may be used; what does not fit is folded, first what waits, then what is done. */
  readonly rows: number;
  readonly style: Style;
  readonly title: string;
}

interface Line {
  readonly kind: 'done' | 'pending' | 'active';
  readonly text: string;
}

/** A note that stands longer than this is shown with its age, and in full. */
const silent = 10_000;
const mostBelow = 4;

const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** The run as lines of the screen: nothing but a function of the picture and the time. No line is wider than the screen. */
export function frameOf(picture: RunPicture, options: FrameOptions): readonly string[] {
  if (!picture.planned) return [lookingLine(picture, options)];
  const head = headLines(picture, options);
  const room = Math.max(3, options.rows - head.length);
  const lines = groupsOf(picture).flatMap((group) => groupLines(group, picture, options));
  for (const folded of [[], ['pending'], ['pending', 'done']] as const) {
    const left = lines.filter(({ kind }) => !(folded as readonly string[]).includes(kind));
    const [later, earlier] = folded.map((kind) => foldedLine(kind, lines, options.style));
    const shown = [...(earlier ?? []), ...left.map(({ text }) => text), ...(later ?? [])];
    if (shown.length <= room) return [...head, ...shown];
  }
  const busy = lines.filter(({ kind }) => kind === 'active');
  return [
    ...head,
    ...busy.slice(0, room - 1).map(({ text }) => text),
    options.style.dim(`    and ${busy.length - room + 1} more`),
  ];
}

function lookingLine({ asked, started }: RunPicture, { now, columns, style }: FrameOptions): string {
  const what = `Looking at what is there: ${asked.length} steps asked, last ${asked.at(-1) ?? 'none'}`;
  return `${style.cyan(tick(now))} ${fit(what, columns - 12)} ${style.dim(durationText(now - started))}`;
}

function headLines(picture: RunPicture, { now, columns, style, title }: FrameOptions): string[] {
  const steps = [...picture.steps.values()];
  const count = (...states: readonly StepState[]): number => steps.filter(({ state }) => states.includes(state)).length;
  const counts = [
    [count('done'), 'done'],
    [count('kept'), 'kept'],
    [steps.filter(isActive).length, picture.ending === undefined ? 'at work' : 'left open'],
    [count('failed'), 'failed'],
    [count('interrupted'), 'cut off'],
    [count('skipped'), 'skipped'],
    [count('left-out'), 'left out'],
    [count('pending'), 'to come'],
  ] as const;
  const summary = counts.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : [])).join(', ');
  const time = durationText(now - picture.started);
  const lines = [
    `${style.bold(fit(title, columns - 12))} ${style.dim(time)}  ${fit(summary, columns - title.length - time.length - 4)}`,
  ];
  lines.push(...cancelLines(picture, columns, now).map((text) => style.yellow(text)));
  const kept = count('kept');
  if (kept > 0) lines.push(`  ${style.green('=')} ${kept} kept`);
  return lines;
}

const insist: Readonly<Record<number, string>> = {
  1: 'Ctrl-C again interrupts it at once, a third time kills it.',
  2: 'Ctrl-C again kills it; the next run settles what that leaves.',
  3: 'Killing what is left; the next run settles it.',
};

function cancelLines({ cancel, ending, steps }: RunPicture, columns: number, now: number): string[] {
  if (cancel === undefined || ending !== undefined) return [];
  const awaited = cancel.awaited.filter(({ step }) => isActive(steps.get(step) as StepPicture));
  const left = Math.max(0, cancel.budget - (now - cancel.since));
  const names = awaited.map(({ step, policy }) => `${step} (${policies[policy] ?? policy})`).join(', ');
  const first =
    awaited.length === 0
      ? 'Stopping: nothing works any more'
      : `Stopping: up to ${durationText(left)} more for ${names}`;
  return [fit(`  ${first}`, columns), fit(`  ${insist[cancel.level] ?? ''}`, columns)];
}

/** What each policy means to who waits. */
export const policies: Readonly<Record<string, string>> = {
  drain: 'finishes what it began',
  interrupt: 'interrupted, saves its state',
  abort: 'aborted',
  kill: 'killed',
};

/** Instances of one step stand together, in the order of the plan. */
function groupsOf({ steps }: RunPicture): readonly (readonly StepPicture[])[] {
  const groups = new Map<string, StepPicture[]>();
  for (const step of steps.values()) {
    const id = step.id.split('/')[0] as string;
    groups.set(id, [...(groups.get(id) ?? []), step]);
  }
  return [...groups.values()];
}

function groupLines(group: readonly StepPicture[], picture: RunPicture, options: FrameOptions): Line[] {
  const shown = group.filter(({ state }) => state !== 'kept' && state !== 'left-out');
  const [first] = shown;
  if (first === undefined) return [];
  if (group.length === 1 && !first.id.includes('/')) return stepLines(first, first.title, 0, picture, options);
  const title = first.title.replace(/ \([^)]*\)$/, '');
  const over = shown.filter(({ state }) => state === 'done').length;
  const same =
    shown.every(({ state }) => state === first.state) && (first.state === 'done' || first.state === 'pending');
  const whole: StepPicture = {
    ...first,
    state: same ? first.state : stateOfGroup(shown),
    since: least(shown.map(({ since }) => since)),
    until: same ? Math.max(...shown.map(({ until }) => until ?? 0)) : undefined,
    detail: same ? first.detail : `${over} of ${shown.length} done`,
    sample: undefined,
    wait: 0,
    noted: undefined,
    deeds: new Map(),
  };
  const head = stepLines(whole, same ? `${title} (${shown.length})` : title, 0, picture, options);
  if (same) return head;
  return [
    ...head,
    ...shown.flatMap((step) => stepLines(step, step.id.slice(step.id.indexOf('/') + 1), 1, picture, options)),
  ];
}

/** The first of these that an instance is in. */
function stateOfGroup(group: readonly StepPicture[]): StepState {
  if (group.some(isActive)) return 'working';
  const telling = ['failed', 'interrupted', 'skipped', 'pending'] as const;
  return telling.find((state) => group.some((step) => step.state === state)) ?? 'done';
}

const least = (times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** The line of a step, and below it what is awaited for long and did not fit: that is what a person must read. */
function stepLines(
  step: StepPicture,
  name: string,
  level: number,
  picture: RunPicture,
  { now, columns, style }: FrameOptions,
): Line[] {
  const indent = '  '.repeat(level + 1);
  const titleWidth = Math.max(12, Math.min(30, Math.floor(columns * 0.36))) - 2 * level;
  const taken =
    step.since === undefined || step.state === 'pending' ? '' : durationText((step.until ?? now) - step.since);
  const width = columns - indent.length - titleWidth - 12;
  const [detail, below] = detailOf(step, picture, now, width);
  const mark = isActive(step) && picture.ending === undefined ? style.cyan(tick(now)) : marks[step.state](style);
  const quiet = step.state === 'pending' || step.state === 'skipped';
  const title = column(name, titleWidth);
  const text = `${indent}${mark} ${quiet ? style.dim(title) : title} ${taken.padStart(6)}  ${step.state === 'failed' ? style.red(detail) : style.dim(detail)}`;
  const kind = step.state === 'done' ? 'done' : quiet ? 'pending' : 'active';
  const more = below === '' ? [] : wrap(below, columns - indent.length - 4);
  return [text.trimEnd(), ...more.slice(0, mostBelow).map((line) => `${indent}    ${style.dim(line)}`)].map((line) => ({
    kind,
    text: line,
  }));
}

const marks: Readonly<Record<StepState, (style: Style) => string>> = {
  pending: (style) => style.dim('·'),
  looking: (style) => style.yellow('○'),
  working: (style) => style.yellow('○'),
  retrying: (style) => style.yellow('○'),
  probing: (style) => style.yellow('○'),
  done: (style) => style.green('✔'),
  kept: (style) => style.green('='),
  failed: (style) => style.red('✖'),
  interrupted: (style) => style.yellow('◼'),
  skipped: (style) => style.dim('-'),
  'left-out': (style) => style.dim('-'),
};

function detailOf(
  step: StepPicture,
  picture: RunPicture,
  now: number,
  width: number,
): readonly [beside: string, below: string] {
  const { state, detail, wait, sample, noted } = step;
  if (state === 'pending') {
    const over = picture.ending !== undefined || picture.cancel !== undefined;
    return [fit(over ? 'not begun' : waitsFor(picture, step), width), ''];
  }
  if (state === 'done') {
    const until = wait >= 1000 ? `${durationText(wait)} of it until ready` : '';
    return [fit([deedsText(step.deeds), until].filter((text) => text !== '').join('; '), width), ''];
  }
  const deeds = state === 'failed' ? '' : deedsInShort(step.deeds);
  const whole = deeds === '' ? detail : `${deeds}; ${detail}`;
  if (sample !== undefined) {
    const time = ` ${durationText(Math.min(sample.within, sample.elapsed + now - sample.at))} of ${durationText(sample.within)}`;
    return [fit(`${fit(whole, width - time.length)}${time}`, width), ''];
  }
  const stands = noted !== undefined && now - noted >= silent ? durationText(now - noted) : '';
  if (stands === '' || picture.ending !== undefined) return [fit(whole, width), ''];
  const age = tellsSpell(detail) ? '' : ` for ${stands}`;
  if (widthOf(whole) + age.length <= width) return [`${whole}${age}`, ''];
  return [fit(`${deeds === '' ? '' : `${deeds}; `}since ${stands}:`, width), detail];
}

function foldedLine(kind: 'pending' | 'done', lines: readonly Line[], style: Style): readonly string[] {
  const count = lines.filter((line) => line.kind === kind).length;
  if (count === 0) return [];
  return [kind === 'done' ? `  ${style.green('✔')} ${count} done` : style.dim(`  · ${count} to come`)];
}

const tick = (now: number): string => spinner[Math.floor(now / 100) % spinner.length] as string;
