import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documents } from '../../scripts/documents.ts';

const root = new URL('../../', import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8');

test.each(Object.entries(documents()))('%s is what the program says; `npm run docs` writes it', (path, text) => {
  expect(textOf(path)).toBe(text);
});

const written = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(written)('every link of %s leads to a file of the repository', (path) => {
  const links = [...textOf(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '');
  const lost = links.filter((link) => !existsSync(new URL(link, new URL(path, root))));
  expect(lost).toEqual([]);
});

test('the documents that explain how it is built are there', () => {
  expect(written).toEqual(
    expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/journal.md', 'docs/runbook.md']),
  );
});
