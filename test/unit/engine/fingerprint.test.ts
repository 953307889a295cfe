import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, fingerprint } from '../../../src/engine/fingerprint.ts';
import { Secret } from '../../../src/tools/ports.ts';

test('the order of keys and absent keys do not matter, everything else does', () => {
  expect(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }], e: undefined })).toBe('{"a":[{"c":"x","d":null}],"b":1}');
  expect(fingerprint({ a: 1, b: 2 })).toBe(fingerprint({ b: 2, a: 1 }));
  expect(fingerprint({ a: '1' })).not.toBe(fingerprint({ a: 1 }));
  expect(fingerprint([1, 2])).not.toBe(fingerprint([2, 1]));
});

test('the text reads back as the value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('what cannot be recorded is refused with its place: secrets, functions, dates, cycles', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  for (const value of [new Secret('hunter2'), () => 1, new Date(0), Number.NaN, cycle]) {
    expect(() => canonicalJson({ deep: [value] })).toThrow(
      expect.objectContaining({ code: 'BUG', facts: { path: expect.stringContaining('$.deep[0]') } }),
    );
  }
});
