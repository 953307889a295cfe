import { createHash } from 'node:crypto';
import { PlatformError } from '../errors.ts';

/** The one text of a value: keys sorted, absent keys left out. What JSON cannot hold (functions, NaN, cycles, secrets) is BUG. */
export function canonicalJson(value: unknown): string {
  return write(value, '$', new Set());
}

/** SHA-256 of the canonical text, hex. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function write(value: unknown, path: string, above: Set<object>): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value !== 'object') throw notPlain(path, typeof value);
  if (above.has(value)) throw notPlain(path, 'a cycle');
  // A Secret and a Date have a prototype of their own; hashing their (empty) keys would call two of them the same.
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    throw notPlain(path, 'not plain data');
  above.add(value);
  const text = Array.isArray(value)
    ? `[${value.map((item, index) => (item === undefined ? 'null' : write(item, `${path}[${index}]`, above))).join(',')}]`
    : `{${Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${JSON.stringify(key)}:${write(item, `${path}.${key}`, above)}`)
        .join(',')}}`;
  above.delete(value);
  return text;
}

function notPlain(path: string, what: string): PlatformError {
  return new PlatformError('BUG', { message: `${path} cannot be recorded: ${what}`, facts: { path } });
}
