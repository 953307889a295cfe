import { idText, kindText, thingText } from './kind-text.ts';
import { chainLines, paragraph } from './screen-lines.ts';
import type { Style } from './style.ts';

/** Of a list that can be long; the rest is counted, and --json has all. */
const named = 5;
const idsTold = 3;

/** Something that is not ours, or of a kind that is never removed. */
export interface Refused {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly class: string;
  readonly because: string;
  /** From the thing of ours that it holds to itself; empty where it holds nothing of ours. */
  readonly chain: readonly string[];
}

/** What is not touched: what holds something of ours one by one, first; the rest by kind and reason, since an account can be full of it. */
export function refusedLines(refused: readonly Refused[], style: Style, columns: number): string[] {
  if (refused.length === 0) return [];
  const holding = refused.filter(({ chain }) => chain.length > 1);
  const others = refused.filter(({ chain }) => chain.length <= 1);
  const groups = [...Map.groupBy(others, (one) => `${one.kind} ${one.class} ${one.because}`).values()];
  return [
    '',
    style.bold(`What is not ours alone, and is not touched (${refused.length})`),
    ...holding
      .slice(0, named)
      .flatMap((one) => [
        ...paragraph(`${thingText(one)} is ${one.class}: ${one.because}`, 2, columns),
        ...paragraph('it holds something of ours, which can only go when its owner lets go:', 4, columns),
        ...chainLines(one.chain.map(idText), 4, columns).map((line) => style.yellow(line)),
      ]),
    ...moreLines(holding.length - named, style),
    ...groups.slice(0, named).flatMap((group) => paragraph(groupText(group), 2, columns)),
    ...moreLines(
      groups.slice(named).reduce((sum, group) => sum + group.length, 0),
      style,
    ),
  ];
}

function groupText(group: readonly Refused[]): string {
  const [first] = group;
  if (first === undefined) return '';
  if (group.length === 1) return `${thingText(first)} is ${first.class}: ${first.because}`;
  const ids = group.slice(0, idsTold).map(({ id }) => idText(id));
  const rest = group.length > idsTold ? ` and ${group.length - idsTold} more` : '';
  return `${group.length} ${kindText(first.kind, group.length)} are ${first.class}: ${first.because}: ${ids.join(', ')}${rest}`;
}

const moreLines = (count: number, style: Style): string[] =>
  count > 0 ? [style.dim(`  and ${count} more; --json has all`)] : [];
