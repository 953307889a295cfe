import { crc32 } from 'node:zlib';

const mark = ',"crc":"';

/** One line of a journal or ledger: the JSON of a non-empty object with the CRC-32 of its own text as last key. */
export function sealLine(value: object): string {
  const body = JSON.stringify(value).slice(0, -1);
  return `${body}${mark}${checksum(body)}"}\n`;
}

export interface OpenedLines {
  /** Of the good lines. Each still has its `crc`. */
  readonly values: readonly unknown[];
  /** Bytes up to the end of the last good line before any damage. */
  readonly goodBytes: number;
  /** Bytes of a torn tail: lines after which no good line comes. 0 when the text is whole. */
  readonly tornBytes: number;
  /** Numbers (from 1) of bad lines with good ones after them: damage that no crash explains. */
  readonly badLines: readonly number[];
}

/** Only the good lines of a text, as they stand. */
export function goodLines(text: string): string {
  const lines = text.split('\n').filter((line) => openLine(line) !== undefined);
  return lines.map((line) => `${line}\n`).join('');
}

/** Reads sealed lines as far as they can be trusted; never throws. */
export function openLines(text: string): OpenedLines {
  const values: unknown[] = [];
  const bad: { line: number; start: number; good: number }[] = [];
  let start = 0;
  for (let line = 1; start < text.length; line++) {
    const end = text.indexOf('\n', start);
    const value = end === -1 ? undefined : openLine(text.slice(start, end));
    if (value === undefined) bad.push({ line, start, good: values.length });
    else values.push(value);
    start = end === -1 ? text.length : end + 1;
  }
  const torn = bad.find(({ good }) => good === values.length);
  const badLines = bad.filter(({ good }) => good < values.length).map(({ line }) => line);
  const total = Buffer.byteLength(text);
  const goodBytes = torn === undefined ? total : Buffer.byteLength(text.slice(0, torn.start));
  return { values, goodBytes, tornBytes: total - goodBytes, badLines };
}

function openLine(line: string): unknown {
  const at = line.lastIndexOf(mark);
  if (at === -1 || line.length !== at + mark.length + 10 || !line.endsWith('"}')) return undefined;
  if (line.slice(at + mark.length, -2) !== checksum(line.slice(0, at))) return undefined;
  return JSON.parse(line) as unknown;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
