import { expect, test } from 'vitest';
import type { Host } from '../../../src/host.ts';
import { ask, choose, confirm, confirmByName } from '../../../src/ui/prompt.ts';
import { person } from '../../helpers/person.ts';

/** Types once the question is on the screen. */
async function typed<T>(question: (host: Host) => Promise<T>, keys: string | undefined): Promise<T> {
  const { host, input, shown } = person();
  const answer = question(host);
  answer.catch(() => undefined);
  while (!shown().includes('Really?')) await new Promise((resolve) => setImmediate(resolve));
  if (keys === undefined) input.end();
  else input.write(keys);
  return answer;
}

const choices = [
  { value: 'aws', name: 'Amazon' },
  { value: 'sandbox', name: 'Sandbox' },
] as const;

test.each([
  ['a pipe answers', { stdin: false }],
  ['nobody sees the question', { stderr: false }],
  ['it is CI', { CI: 'true' }],
])('NEEDS_YES names the flag where %s', async (_, options) => {
  const { host } = person(options);
  const needsYes = { code: 'NEEDS_YES', next: ['answer it with --yes'] };
  await expect(confirm(host, 'Really?', '--yes')).rejects.toMatchObject(needsYes);
  await expect(ask(host, 'Really?', '--yes')).rejects.toMatchObject(needsYes);
  await expect(choose(host, 'Really?', '--yes', choices)).rejects.toMatchObject(needsYes);
  await expect(confirmByName(host, 'Really?', 'prod', '--yes')).rejects.toMatchObject(needsYes);
});

test('answers', async () => {
  expect(await typed((host) => confirm(host, 'Really?', '--yes'), 'y\n')).toBe(true);
  expect(await typed((host) => confirm(host, 'Really?', '--yes'), '\n')).toBe(false);
  expect(await typed((host) => confirm(host, 'Really?', '--yes', true), '\n')).toBe(true);
  expect(await typed((host) => confirm(host, 'Really?', '--yes', true), 'n\n')).toBe(false);
  expect(await typed((host) => ask(host, 'Really?', '--name'), 'shop\n')).toBe('shop');
  expect(await typed((host) => ask(host, 'Really?', '--name', { initial: 'demo' }), '\n')).toBe('demo');
  expect(await typed((host) => choose(host, 'Really?', '--target', choices), '\u001b[B\n')).toBe('sandbox');
});

test.each([
  ['the name', 'prod\n', undefined],
  ['the name among spaces', '  prod \n', undefined],
  ['another name', 'dev\n', '"dev" was typed, not prod; nothing was changed'],
  ['another case', 'Prod\n', '"Prod" was typed, not prod; nothing was changed'],
  ['a part of it', 'pro\n', '"pro" was typed, not prod; nothing was changed'],
  ['yes', 'yes\n', '"yes" was typed, not prod; nothing was changed'],
  ['nothing', '\n', 'nothing was typed; nothing was changed'],
] as const)('a name as the yes: %s', async (_, keys, refusal) => {
  const answer = typed((host) => confirmByName(host, 'Really?', 'prod', '--yes'), keys);
  if (refusal === undefined) await expect(answer).resolves.toBeUndefined();
  else await expect(answer).rejects.toMatchObject({ code: 'DECLINED', message: refusal });
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
  ['the end of input', undefined],
])('%s is DECLINED', async (_, keys) => {
  await expect(typed((host) => confirm(host, 'Really?', '--yes'), keys)).rejects.toMatchObject({ code: 'DECLINED' });
  await expect(typed((host) => ask(host, 'Really?', '--name'), keys)).rejects.toMatchObject({ code: 'DECLINED' });
  await expect(typed((host) => confirmByName(host, 'Really?', 'prod', '--yes'), keys)).rejects.toMatchObject({
    code: 'DECLINED',
    message: 'nothing was changed',
  });
  await expect(typed((host) => choose(host, 'Really?', '--target', choices), keys)).rejects.toMatchObject({
    code: 'DECLINED',
  });
});
