import fc from 'fast-check';
import { expect, test } from 'vitest';
import { column, fit, oneLine, widthOf, wrap } from '../../../src/ui/text-width.ts';

test('text of others becomes one harmless line', () => {
  expect(oneLine('\u001b[31mred\u001b[0m\r\n\tnext\u001b]0;title\u0007 \u001b[2Jend\u2028x\n')).toBe('red next end x');
});

test('wide characters take two columns', () => {
  expect([widthOf('plain'), widthOf('서울'), widthOf('e\u0301'), widthOf('🚀'), widthOf('é…')]).toEqual([
    5, 4, 1, 2, 2,
  ]);
  expect(fit('서울에서', 5)).toBe('서울…');
  expect(fit('abc', 0)).toBe('');
  expect(column('서울', 6)).toBe('서울  ');
});

test('whatever the text, a line is never wider than asked, and nothing is lost', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 200 }).map(oneLine);
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 100 }), (words, width) => {
      expect(widthOf(fit(words, width))).toBeLessThanOrEqual(width);
      expect(widthOf(column(words, width))).toBe(width);
      const lines = wrap(words, width);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(words.replaceAll(' ', ''));
    }),
  );
});
