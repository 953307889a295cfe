import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const repository = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, repository), 'utf8');

const rows = read('docs/failures.md')
  .split('\n')
  .flatMap((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    return /^[A-Z]\d+$/.test(cells[0] ?? '') ? [cells] : [];
  });

test('the page has every failure of a teardown', () => {
  const ids = new Set(rows.map(([id]) => id));
  const wanted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18].map((number) => `E${number}`);
  expect(wanted.filter((id) => !ids.has(id))).toEqual([]);
  expect(['B10', 'B11', 'B12', 'B13', 'A4', 'A5', 'A6'].filter((id) => !ids.has(id))).toEqual([]);
});

test.each(rows.map((cells) => [cells[0] ?? '', cells.at(-1) ?? ''] as const))(
  '%s is held by a test that exists',
  (_, held) => {
    const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(held) ?? [];
    expect(title).not.toBe('');
    expect(read(file)).toContain(title);
  },
);
