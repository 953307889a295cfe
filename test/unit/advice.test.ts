import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeCommand, describeProgram } from '../../src/cli.ts';
import type { CommandDescription } from '../../src/commands/description.ts';
import type { Host } from '../../src/host.ts';

const folder = new URL('../../src/', import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') }));

/** The text of a call from its name to the bracket that closes it; brackets in texts come in pairs. */
function callAt(text: string, at: number): string {
  let depth = 0;
  for (let end = text.indexOf('(', at); end < text.length; end += 1) {
    if (text[end] === '(') depth += 1;
    if (text[end] === ')') depth -= 1;
    if (depth === 0) return text.slice(at, end + 1);
  }
  return text.slice(at);
}

test('every error says what to do next', () => {
  const silent = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/new PlatformError\(/g)].flatMap(({ index }) => {
      const call = callAt(text, index);
      // A bug of ours has one next action, wherever it is.
      const speaks = /\bnext\b/.test(call) || call.startsWith("new PlatformError('BUG'");
      return speaks ? [] : [`src/${path}:${text.slice(0, index).split('\n').length}`];
    }),
  );
  expect(silent).toEqual([]);
});

test('every command that a text of ours tells to type exists', () => {
  const silent = { isTTY: false, columns: 0, write: () => undefined };
  const program = describeCommand(describeProgram({ version: '', stdout: silent, stderr: silent } as unknown as Host));
  const known = new Set(program.commands.map(({ name }: CommandDescription) => name));
  const told = sources.flatMap(({ path, text }) =>
    // At the start of a text, after a colon, or between backticks: elsewhere it is a word of a sentence.
    [...text.matchAll(/(?:['`"]|: |`)platform ([a-z]+)/g)].map(([, word = '']) => ({ path, word })),
  );
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter(({ path, word }) => !known.has(word) && !prose.includes(`${path}: ${word}`))).toEqual([]);
});

/** A sentence that begins with our name. */
const prose = ['tools/aws/estate/estate.ts: never'];
