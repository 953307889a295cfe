/** The part of DER (ITU-T X.690) that certificates are written in: each function returns one complete element. */

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

export const sequence = (...elements: readonly Uint8Array[]): Buffer => element(0x30, ...elements);
export const setOf = (...elements: readonly Uint8Array[]): Buffer => element(0x31, ...elements);
export const octets = (content: Uint8Array): Buffer => element(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Buffer => element(0x03, Buffer.from([unused]), content);
export const text = (content: string): Buffer => element(0x0c, Buffer.from(content, 'utf8'));
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));

/** A context-specific element `[number]`: constructed where it holds elements, primitive where it replaces a tag. */
export const tagged = (number: number, constructed: boolean, content: Uint8Array): Buffer =>
  element((constructed ? 0xa0 : 0x80) + number, content);

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const significant = bytes.subarray(start);
  // A leading one bit would make it negative.
  return element(0x02, ...((significant[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []), significant);
}

/** An object identifier from its dotted form. */
export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(baseOf128)]));
}

function baseOf128(value: number): readonly number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 + (rest % 128));
  return bytes;
}

/** A moment as RFC 5280 wants it: UTCTime until 2049, GeneralizedTime after. Milliseconds since 1970. */
export function moment(time: number): Buffer {
  const digits = `${new Date(time).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : element(0x18, Buffer.from(digits, 'ascii'));
}
