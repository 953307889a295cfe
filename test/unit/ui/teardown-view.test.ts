import { Chalk } from 'chalk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Host } from '../../../src/host.ts';
import type { Finding } from '../../../src/steps/teardown/inventory-types.ts';
import { leftoversError } from '../../../src/steps/teardown/sweep-leftovers.ts';
import type { CloudKind } from '../../../src/tools/ports.ts';
import { errorText } from '../../../src/ui/error-view.ts';
import { leftoversOf } from '../../../src/ui/leftovers-view.ts';
import { confirmByName } from '../../../src/ui/prompt.ts';
import { removalSchema } from '../../../src/steps/teardown/removal-schema.ts';
import { removalDocument, removalText, showRemoval } from '../../../src/ui/removal-view.ts';
import { showTeardownPlan, type ShownTeardown, teardownText } from '../../../src/ui/teardown-view.ts';
import { goesOf } from '../../../src/ui/teardown-view-counts.ts';
import { widthOf } from '../../../src/ui/text-width.ts';
import { expectToHold } from '../../helpers/holds-schema.ts';
import { golden, Recorder } from './golden.ts';
import { backups, config, flags, leftovers, plan, result, saving, teardown } from './scripted-removal.ts';

const style = new Chalk({ level: 0 });
const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));
const problem = {
  message: 'the credentials end in 4 minutes, and this takes about 7 minutes',
  next: ['log in anew, then type the same command again', 'give a role whose session lasts an hour or longer'],
};

test.each([
  ['before', teardown, flags],
  ['before-protected', { ...teardown, refused: [], kept: [], blocks: [] }, { ...flags, protected: true }],
  [
    'before-problem',
    {
      ...teardown,
      problems: [problem],
      refused: [],
      expected: { milliseconds: null, from: 'this environment was never taken apart before' },
    },
    flags,
  ],
  ['before-dry-run', teardown, { ...flags, dryRun: true, sandbox: true, command: 'rebuild --keep foundation' }],
  [
    'before-data',
    { ...teardown, kept: [], refused: [], blocks: [] },
    { ...flags, command: 'destroy --cleanup --delete-data' },
  ],
  [
    'before-aws-only',
    {
      ...teardown,
      kubernetes: { is: 'unreachable', because: 'https://203.0.113.10:6443: connect ECONNREFUSED' },
      kept: [],
      blocks: [],
    },
    { ...flags, command: 'destroy --cleanup --aws-only' },
  ],
  [
    'before-backup',
    { ...teardown, steps: [...saving, ...teardown.steps], refused: [], blocks: [] },
    { ...flags, command: 'destroy --cleanup --backup volumes' },
  ],
  ['before-nothing', { ...teardown, cluster: '', counts: [], steps: [], kept: [], refused: [], blocks: [] }, flags],
] as const)('%s, at 80 columns', async (name, shown, flags) => {
  const text = teardownText(shown, flags, style, 80);
  expect(widest(text)).toBeLessThanOrEqual(80);
  expect(text).not.toMatch(/ $/m);
  await expect(text).toMatchFileSnapshot(golden(`teardown/${name}.txt`));
});

test.each([
  ['done', result(), 'destroy'],
  ['nothing', undefined, 'destroy'],
  ['rebuilt', result(), 'rebuild'],
  ['backup', result(), 'destroy'],
  [
    'leftovers',
    result({
      ending: 'failed',
      exitCode: 13,
      done: ['destroy-inventory', 'destroy-suspend', 'destroy-workloads', 'destroy-entrances', 'destroy-machines'],
      failures: [{ step: 'destroy-leftovers', failure: leftovers }],
    }),
    'destroy',
  ],
  [
    'interrupted',
    result({ ending: 'interrupted', exitCode: 130, done: ['destroy-inventory'], open: ['destroy-leftovers'] }),
    'destroy',
  ],
] as const)('after: %s, at 80 columns', async (name, result, verb) => {
  const kept = name === 'rebuilt' ? [] : name === 'backup' ? backups : teardown.kept;
  const removal = name === 'nothing' ? {} : { removal: { ...teardown, kept } };
  const outcome = { verb, plan, config, ...removal, ...(result && { result }) };
  const text = removalText(outcome, style, 80);
  expect(widest(text)).toBeLessThanOrEqual(80);
  expect(text).not.toMatch(/ $/m);
  await expect(text).toMatchFileSnapshot(golden(`teardown/after-${name}.txt`));
  expectToHold(removalSchema, JSON.parse(JSON.stringify(removalDocument(outcome))));
  await expect(`${JSON.stringify(removalDocument(outcome), null, 2)}\n`).toMatchFileSnapshot(
    golden(`teardown/after-${name}.json`),
  );
});

test('a removal is counted only when the second scan has seen it', () => {
  const outcome = { verb: 'destroy', plan, config, removal: teardown } as const;
  expect(removalDocument({ ...outcome, result: result() })).toMatchObject({
    verified: true,
    removed: goesOf(teardown),
  });
  const half = result({ ending: 'failed', exitCode: 10, done: ['destroy-machines'] });
  expect(removalDocument({ ...outcome, result: half })).toMatchObject({ verified: false, removed: [] });
  expect(removalText({ ...outcome, result: half }, style, 80)).not.toContain('What was removed');
});

test('what goes and what stays add up to what is ours', () => {
  const goes = goesOf(teardown).reduce((sum, { count }) => sum + count, 0);
  const ours = teardown.counts.filter((one) => ['owned', 'data'].includes(one.class));
  expect(goes + teardown.kept.length).toBe(ours.reduce((sum, { count }) => sum + count, 0));
});

const words = fc.string({
  unit: fc.constantFrom('a', 'B', '-', '/', ' ', '::', '日', '\u001b[31m', '\n'),
  maxLength: 120,
});
const kinds = fc.constantFrom(
  'volume',
  'load-balancer',
  'auto-scaling-group',
  'a-kind-of-a-later-version-with-a-long-name',
);
const shown: fc.Arbitrary<ShownTeardown> = fc.record({
  environment: fc.constantFrom('prod', 'a-very-long-name-of-an-environment-of-somebody'),
  cluster: words,
  account: fc.constant('123456789012'),
  kubernetes: fc.record({ is: fc.constantFrom('answers', 'unreachable', 'left-out'), because: words }),
  counts: fc.array(
    fc.record({
      kind: kinds,
      class: fc.constantFrom('owned', 'data', 'shared', 'foreign', 'unknown'),
      count: fc.nat(10_000),
    }),
  ),
  steps: fc.array(
    fc.record({
      step: words,
      title: words,
      removes: fc.array(fc.record({ kind: kinds, count: fc.nat(9) })),
      makes: fc.array(fc.record({ kind: kinds, count: fc.nat(9) }), { maxLength: 2 }),
    }),
    { maxLength: 12 },
  ),
  kept: fc.array(fc.record({ kind: kinds, id: words, name: words, because: words, cost: words }), { maxLength: 5 }),
  refused: fc.array(
    fc.record({
      kind: kinds,
      id: words,
      name: words,
      class: words,
      because: words,
      chain: fc.array(words, { maxLength: 4 }),
    }),
    {
      maxLength: 9,
    },
  ),
  blocks: fc.array(fc.array(words, { maxLength: 5 }), { maxLength: 9 }),
  expected: fc.record({ milliseconds: fc.option(fc.nat(10_000_000)), from: words }),
  problems: fc.array(fc.record({ message: words, next: fc.array(words, { maxLength: 3 }) }), { maxLength: 3 }),
});

test('whatever is found and however it is called, no line leaves the screen, moves the cursor or commands a runner', () => {
  fc.assert(
    fc.property(shown, fc.integer({ min: 50, max: 130 }), (plan, columns) => {
      for (const text of [
        teardownText(plan, flags, style, columns),
        removalText({ verb: 'destroy', plan: {} as never, config, removal: plan, result: result() }, style, columns),
      ]) {
        expect(widest(text)).toBeLessThanOrEqual(columns);
        expect(text).not.toMatch(/[^\P{Cc}\n]/u);
        expect(text).not.toMatch(/^\s*::/m);
      }
    }),
    { numRuns: 300 },
  );
});

function host(options: { readonly isTTY: boolean; readonly environment?: Record<string, string> }) {
  const stderr = new Recorder({ isTTY: options.isTTY });
  const stdout = new Recorder();
  const made = {
    environment: options.environment ?? {},
    stderr,
    stdout,
    stdin: { isTTY: options.isTTY },
    arguments: [],
    version: '0.1.0',
  };
  return { host: made as unknown as Host, stderr, stdout };
}

test('colours on a terminal only, and none with NO_COLOR or the flag', () => {
  const written = (isTTY: boolean, environment: Record<string, string>, color: boolean): string => {
    const { host: made, stderr } = host({ isTTY, environment });
    showTeardownPlan(teardown, made, { ...flags, color });
    return stderr.text;
  };
  const plain = teardownText(teardown, flags, style, 80);
  expect(written(true, {}, true)).toContain('\u001b[');
  expect(written(true, { NO_COLOR: '1' }, true)).toBe(plain);
  expect(written(true, {}, false)).toBe(plain);
  expect(written(false, {}, true)).toBe(plain);
});

test('with --json the end is one document on stdout, and nothing for people', () => {
  const { host: made, stderr, stdout } = host({ isTTY: false });
  const outcome = { verb: 'destroy', plan, config, removal: teardown, result: result() } as const;
  showRemoval(outcome, made, { color: false, json: true });
  expect(stderr.text).toBe('');
  expect(JSON.parse(stdout.text)).toEqual(JSON.parse(JSON.stringify(removalDocument(outcome))));
});

test('refusals at 80 columns: nobody to ask, another name', async () => {
  const { host: nobody } = host({ isTTY: false });
  const refusal = await confirmByName(nobody, 'Remove prod?', 'prod', '--yes').catch((error: unknown) => error);
  const declined = await import('../../../src/errors.ts').then(
    ({ PlatformError }) =>
      new PlatformError('DECLINED', {
        message: '"dev" was typed, not prod; nothing was changed',
        next: ['type the same command again if you mean it'],
      }),
  );
  const text = [refusal, declined].map((error) => errorText(error, nobody)).join('\n');
  expect(widest(text)).toBeLessThanOrEqual(80);
  await expect(text).toMatchFileSnapshot(golden('teardown/refused.txt'));
});

const thing = (
  kind: CloudKind,
  id: string,
  extra: Partial<Finding['resource']> = {},
  rest: Partial<Finding> = {},
): Finding => ({
  resource: { kind, id, name: '', tags: {}, state: '', phase: 'live', unique: {}, holds: [], ...extra },
  class: 'owned',
  because: 'tag platform/cluster=shop-prod-x7k2m in recorded vpc-0d1e2f',
  ...rest,
});

test('what the sweep says is left is told one by one: name, reason, chain', () => {
  const group = thing('security-group', 'sg-0e1b', { name: 'k8s-web' });
  const face = thing('network-interface', 'eni-0f2', { holds: [group.resource] }, { class: 'foreign' });
  const machine = thing('instance', 'i-0f', { name: 'batch', holds: [face.resource] }, { origin: 'Ingress web/shop' });
  const key = thing('key-pair', 'shop-prod-x7k2m');
  const seen = [group, face, machine, key];
  const said = 'DependencyViolation: resource sg-0e1b has (still) a dependent object';
  const error = leftoversError('2 of ours are left', [group, key], seen, {
    reasonOf: ({ kind }) => (kind === 'instance' ? said : undefined),
  });
  const { title, leftovers } = leftoversOf(error);
  expect(title).toBe('2 of ours are left');
  expect(leftovers).toEqual([
    {
      what: 'security group k8s-web (sg-0e1b)',
      because: said,
      chain: ['sg-0e1b', 'eni-0f2', 'i-0f', 'Ingress web/shop'],
      next: error.next,
    },
    { what: 'key pair shop-prod-x7k2m', because: '', chain: [], next: error.next },
  ]);
  expect(leftoversOf({ code: 'AWS', message: 'no: not about it', next: [], facts: {} }).leftovers).toEqual([]);
});
