import { thingText } from './kind-text.ts';
import { paragraph, spread } from './screen-lines.ts';
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

/** What stays, by reason, with what it costs and the command that removes it all the same. */
export function keptLines(kept: readonly Kept[], style: Style, columns: number, environment: string): string[] {
  if (kept.length === 0) return [];
  const reasons = Map.groupBy(kept, ({ because }) => because);
  return [
    '',
    ...spread(`What stays (${kept.length})`, 'costs a month', 0, columns).map((line) => style.bold(line)),
    ...[...reasons].flatMap(([because, those]) => [
      ...paragraph(because, 2, columns),
      ...those.flatMap((one) => spread(thingText(one), one.cost, 4, columns)),
      ...commandLines(because, environment, columns),
    ]),
  ];
}

function commandLines(because: string, environment: string, columns: number): string[] {
  const again = `platform destroy --cleanup --env ${environment}`;
  const command = because.includes('--delete-data')
    ? `${again} --delete-data`
    : because.includes('--keep')
      ? `${again}, without --keep`
      : '';
  return command === '' ? [] : paragraph(`removed by: ${command}`, 4, columns);
}
