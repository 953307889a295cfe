import { thingText } from './kind-text.ts';
import { adviceLines, paragraph, spread } from './screen-lines.ts';
import type { Style } from './style.ts';

/** Something of ours that stays. */
export interface Kept {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly because: string;
  /** What it costs a month, in words. */
  readonly cost: string;
}

/** What stays, by reason, with what it costs; `howTo` says what removes it all the same. */
export function keptLines(
  kept: readonly Kept[],
  style: Style,
  columns: number,
  howTo: (because: string, those: readonly Kept[]) => readonly string[],
): string[] {
  if (kept.length === 0) return [];
  const reasons = Map.groupBy(kept, ({ because }) => because);
  return [
    '',
    ...spread(`What stays (${kept.length})`, 'costs a month', 0, columns).map((line) => style.bold(line)),
    ...[...reasons].flatMap(([because, those]) => [
      ...paragraph(because, 2, columns),
      ...those.flatMap((one) => spread(thingText(one), one.cost, 4, columns)),
      ...howTo(because, those).flatMap((text) => adviceLines(text, 4, columns)),
    ]),
  ];
}
