import { kindText } from './kind-text.ts';
import { paragraph } from './screen-lines.ts';
import type { Style } from './style.ts';
import { column, oneLine } from './text-width.ts';

/** How many of a kind are of a class. */
export interface Counted {
  readonly kind: string;
  readonly class: string;
  readonly count: number;
}

const fates = [
  { name: 'goes', title: 'goes' },
  { name: 'stays', title: 'stays' },
  { name: 'shared', title: 'shared' },
  { name: 'foreign', title: 'foreign' },
  { name: 'unknown', title: 'unknown' },
] as const;
type Fate = (typeof fates)[number]['name'];

const isOthers = (fate: Fate): boolean => fate !== 'goes' && fate !== 'stays';

const widestKind = 26;

/** Everything that was found as a table: a line a kind, a column for what becomes of it. Columns without a number are left out. */
export function countLines(
  counts: readonly Counted[],
  kept: readonly { readonly kind: string }[],
  style: Style,
  columns: number,
): string[] {
  const rows = rowsOf(counts, kept);
  if (rows.length === 0) return ['', 'Nothing of it was found.'];
  const total = (name: Fate): number => rows.reduce((sum, { cells }) => sum + cells[name], 0);
  const shown = fates.filter(({ name }) => name === 'goes' || total(name) > 0);
  const gap = columns < 60 ? 2 : 3;
  const taken = shown.reduce((sum, { title }) => sum + title.length + gap, 0);
  const width = Math.max(8, Math.min(widestKind, columns - taken - 2));
  const line = (name: string, cell: (fate: Fate) => string): string =>
    `  ${column(oneLine(name), width)}${shown.map(({ name: fate, title }) => cell(fate).padStart(title.length + gap)).join('')}`;
  const number = (count: number): string => (count === 0 ? '-' : String(count));
  const titles = new Map<Fate, string>(fates.map(({ name, title }) => [name, title]));
  return [
    '',
    style.bold(line('What was found', (fate) => titles.get(fate) ?? '')),
    ...rows.map(({ kind, cells }) => line(kindText(kind, 2), (fate) => number(cells[fate]))),
    style.bold(line('together', (fate) => number(total(fate)))),
    ...(shown.some(({ name }) => isOthers(name))
      ? paragraph('Only what is proven ours goes. Shared, foreign and unknown things are not touched.', 2, columns)
      : []),
  ];
}

/** What goes, by kind: what is proven ours, without what is kept. */
export function goesOf({
  counts,
  kept,
}: {
  readonly counts: readonly Counted[];
  readonly kept: readonly { readonly kind: string }[];
}) {
  return rowsOf(counts, kept).map(({ kind, cells }) => ({ kind, count: cells.goes }));
}

/** All kinds together. */
export function sumOf(plan: {
  readonly counts: readonly Counted[];
  readonly kept: readonly { readonly kind: string }[];
}) {
  const rows = rowsOf(plan.counts, plan.kept);
  const total = (...fates: readonly Fate[]): number =>
    rows.reduce((sum, { cells }) => sum + fates.reduce((part, fate) => part + cells[fate], 0), 0);
  return { goes: total('goes'), stays: total('stays'), others: total('shared', 'foreign', 'unknown') };
}

function rowsOf(counts: readonly Counted[], kept: readonly { readonly kind: string }[]) {
  return [...Map.groupBy(counts, ({ kind }) => kind)].map(([kind, those]) => ({
    kind,
    cells: cellsOf(those, kept.filter((one) => one.kind === kind).length),
  }));
}

/** Ours are `owned` and `data`; what of them is kept stays. */
function cellsOf(counts: readonly Counted[], kept: number): Record<Fate, number> {
  const count = (...classes: readonly string[]): number =>
    counts.reduce((sum, one) => (classes.includes(one.class) ? sum + one.count : sum), 0);
  const ours = count('owned', 'data');
  return {
    goes: Math.max(0, ours - kept),
    stays: Math.min(ours, kept),
    shared: count('shared'),
    foreign: count('foreign'),
    unknown: count('unknown'),
  };
}
