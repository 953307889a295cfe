import { fit, oneLine, widthOf, wrap } from './text-width.ts';

/** A text of others as lines of the screen, each behind the same indent; never broken at a no-break space. */
export function paragraph(text: string, indent: number, columns: number): string[] {
  return wrap(oneLine(text), Math.max(16, columns - indent)).map(
    (line) => ' '.repeat(indent) + line.replaceAll('\u00A0', ' '),
  );
}

/** Something to do: a command of AWS can be pasted also where it takes two lines; anything else is a text. */
export function adviceLines(text: string, indent: number, columns: number): string[] {
  if (!text.startsWith('aws ')) return paragraph(text, indent, columns);
  const lines = paragraph(text, indent, columns - 2);
  return lines.map((line, index) => (index < lines.length - 1 ? `${line} \\` : line));
}

/** Two texts at the two edges of a line; where they do not fit beside each other the right one gets a line of its own. */
export function spread(left: string, right: string, indent: number, columns: number): string[] {
  const lines = paragraph(left, indent, columns);
  if (right === '') return lines;
  const shown = fit(oneLine(right), columns - indent);
  const last = lines.at(-1) as string;
  const room = columns - widthOf(last) - widthOf(shown);
  if (room >= 2) return [...lines.slice(0, -1), `${last}${' '.repeat(room)}${shown}`];
  return [...lines, shown.padStart(columns - (widthOf(shown) - shown.length))];
}

/** What holds what, as `a <- b <- c`: broken before an arrow, so that each link stays whole. */
export function chainLines(chain: readonly string[], indent: number, columns: number): string[] {
  const links = chain.map((link, index) =>
    (index === 0 ? oneLine(link) : `<-\u00A0${oneLine(link)}`).replaceAll(' ', '\u00A0'),
  );
  return wrap(links.join(' '), Math.max(16, columns - indent)).map(
    (line) => ' '.repeat(indent) + line.replaceAll('\u00A0', ' '),
  );
}

/** GitHub's runner takes every line that begins so, indented or not, for a command: a name that somebody chose must not be one. */
export function harmless(lines: readonly string[]): string {
  return `${lines.map((line) => line.replace(/^(\s*)::/, '$1: ')).join('\n')}\n`;
}
