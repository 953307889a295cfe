import { stripVTControlCharacters } from 'node:util';

const controls = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** East Asian wide and fullwidth blocks and pictographs take two columns (Unicode UAX #11, by block). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const plain = /^[ -~]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Text of others as one harmless line: a tool's colours, cursor codes and line ends must not move our cursor. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(controls, ' ').trim();
}

/** Columns that a text without control characters takes. */
export function widthOf(text: string): number {
  // Nearly every text, and a hundredth of the cost.
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** The text in at most `width` columns, with `…` where it was cut. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? '' : `${beginning(text, width - 1)}…`;
}

/** The text in exactly `width` columns. */
export function column(text: string, width: number): string {
  const fitted = fit(text, width);
  return fitted + ' '.repeat(Math.max(0, width - widthOf(fitted)));
}

/** Breaks at spaces, and inside a word only where it is longer than a line. Never empty. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) <= width) {
      line = `${line} ${word}`;
      continue;
    }
    if (line !== '') lines.push(line.trimEnd());
    while (widthOf(word) > width) {
      const head = beginning(word, Math.max(2, width));
      lines.push(head);
      word = word.slice(head.length);
    }
    line = word;
  }
  return [...lines, line.trimEnd()];
}

function beginning(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, width);
  let taken = 0;
  let result = '';
  for (const { segment } of graphemes.segment(text)) {
    taken += wide.test(segment) ? 2 : 1;
    if (taken > width) break;
    result += segment;
  }
  return result;
}
