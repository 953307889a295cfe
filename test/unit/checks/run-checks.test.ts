import { expect, test } from 'vitest';
import type { Check, CheckContext } from '../../../src/checks/check.ts';
import { error, warning } from '../../../src/checks/check.ts';
import { checks as all } from '../../../src/checks/index.ts';
import { refuseProblems, runChecks, summaryOf } from '../../../src/checks/run-checks.ts';
import { PlatformError } from '../../../src/errors.ts';
import { doctor } from '../../../src/steps/build/doctor.ts';
import { awsConfig } from '../../helpers/ask-check.ts';
import { fakeWorld, specOf } from '../../helpers/fake-world.ts';

const check = (id: string, run: (ctx: CheckContext) => ReturnType<Check['run']>, more: Partial<Check> = {}): Check => ({
  id,
  title: `Check ${id}`,
  needs: 'config',
  when: 'always',
  catalogue: [],
  run,
  ...more,
});
const holds = async () => [];
const memory = () => {
  const known = new Set<string>();
  return {
    workplace: {
      held: async (digest: string) => known.has(digest),
      remember: async (digest: string) => void known.add(digest),
    },
  };
};
const ask = (list: readonly Check[], { afresh = false, fakes = memory() } = {}) =>
  runChecks(list, fakeWorld(fakes).context, { afresh, purpose: 'run' });

test('all are asked and answered in the order of the list, whatever each says', async () => {
  const results = await ask([
    check('a', async () => [error('a is wrong', 'mend a')]),
    check('b', holds),
    check('c', async () => [warning('c is odd', 'look at c')]),
    check('d', async () => ({ skipped: 'no meaning here' })),
    check('e', async () => Promise.reject(new PlatformError('AWS', { message: 'e broke', next: ['try e'] }))),
  ]);
  expect(results.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'a error',
    'b holds',
    'c warning',
    'd skipped',
    'e error',
  ]);
  expect(summaryOf(results)).toBe('1 check holds, 2 with errors, 1 with warnings, 1 skipped');
});

test('the refusal lists every error with its next action, and no warning', async () => {
  const results = await ask([
    check('a', async () => [error('a is wrong', 'mend a')]),
    check('b', async () => [warning('b is odd', 'look at b')]),
    check('c', async () => [error('c is wrong', 'mend c')]),
  ]);
  expect(() => refuseProblems(results)).toThrow(
    expect.objectContaining({
      code: 'NOT_READY',
      message: '2 problems before the run\n  Check a: a is wrong\n  Check c: c is wrong',
      next: ['mend a', 'mend c', 'platform doctor shows every check'],
    }),
  );
});

test('what stands on credentials is skipped when they do not work: one cause is told once', async () => {
  const results = await ask([
    check('quotas', holds, { needs: 'credentials' }),
    check('credentials', async () => [error('expired', 'log in')], { title: 'AWS credentials' }),
  ]);
  expect(results.map(({ state, because }) => [state, because])).toEqual([
    ['skipped', 'AWS credentials does not hold'],
    ['error', ''],
  ]);
});

test('a slow check is asked again only when its subject changed, or afresh', async () => {
  let asked = 0;
  let subject = 'one';
  const slow = check('slow', async () => ((asked += 1), []), { when: 'when-changed', subject: async () => subject });
  const fakes = memory();
  await ask([slow], { fakes });
  await ask([slow], { fakes });
  expect(asked).toBe(1);
  await ask([slow], { fakes, afresh: true });
  expect(asked).toBe(2);
  subject = 'two';
  await ask([slow], { fakes });
  expect(asked).toBe(3);
});

test('a slow check that did not hold is asked again', async () => {
  let asked = 0;
  const slow = check('slow', async () => ((asked += 1), [warning('odd', 'look')]), {
    when: 'when-changed',
    subject: async () => 'one',
  });
  const fakes = memory();
  await ask([slow], { fakes });
  await ask([slow], { fakes });
  expect(asked).toBe(2);
});

test('a bug in a check is a bug, not a finding', async () => {
  await expect(ask([check('a', async () => Promise.reject(new TypeError('oops')))])).rejects.toThrow('oops');
});

test('every check has a title, an id of its own, and a subject where it is asked only when that changed', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(
    all.filter(({ when, subject }) => (when === 'when-changed') !== (subject !== undefined)).map(({ id }) => id),
  ).toEqual([]);
});

/** A world that only lets itself be looked at, with a machine and an account that are fine but for what a test says. */
const healthy = (more: Parameters<typeof fakeWorld>[0] = {}) =>
  fakeWorld(
    {
      files: { read: async (path) => (path.endsWith('.pub') ? 'ssh-ed25519 AAAA' : undefined) },
      terraform: { validate: async () => [] },
      ansible: {
        inspect: async () => ({
          plays: [{ name: '', hosts: Object.keys(awsConfig().nodes), tasks: [] }],
          undefinedVariables: [],
        }),
      },
      helm: { template: async () => '' },
      templates: { text: async () => '', objects: async () => [], parse: () => [] },
      downloads: { objects: async () => [] },
      network: { nameServers: async () => ['ns-1.example.net'] },
      ...more,
      registries: {
        lookUp: async (images) => images.map((image) => ({ image, registry: 'registry.example', is: 'found' })),
      },
      workplace: {
        held: async () => false,
        remember: async () => undefined,
        programs: async () => '',
        version: async () => '99.0.0',
        folder: async () => ({ writable: true, freeBytes: 1e12 }),
        key: async () => ({ publicKey: '', fingerprints: { imported: '' } }),
        now: () => 0,
        overrides: () => [],
        publicAddresses: () => [],
        digest: async () => '',
        withFiles: async (_files, work) => work('/tmp/sample'),
        ...more.workplace,
      },
      aws: {
        caller: async () => ({ account: '111122223333', arn: 'arn:aws:iam::111122223333:user/me' }),
        object: async () => undefined,
        denied: async () => [],
        instanceTypes: async (types) =>
          Object.fromEntries(types.map((type) => [type, { vcpus: 2, memory: 16 * 1024 ** 3 }])),
        quotas: async () => ({ standardVcpus: { limit: 64, used: 0 }, elasticAddresses: { limit: 5, used: 0 } }),
        zone: async () => ({ id: 'Z1', nameServers: ['ns-1.example.net'] }),
        ...more.aws,
      },
    },
    awsConfig(),
  ).context;

test('no check writes: all of them answer in a world whose every other call fails the test', async () => {
  const results = await runChecks(all, healthy(), { afresh: true, purpose: 'doctor' });
  expect(results.filter(({ state }) => state === 'error' || state === 'warning')).toEqual([]);
  expect(results.filter(({ state }) => state === 'skipped').map(({ id }) => id)).toEqual([
    'names',
    'key-pair',
    'contract',
  ]);
});

test('without credentials what stands on them is skipped, and everything else still answers', async () => {
  const refused = new PlatformError('CREDENTIALS', { message: 'none', next: ['log in'] });
  const results = await runChecks(all, healthy({ aws: { caller: async () => Promise.reject(refused) } }), {
    afresh: true,
    purpose: 'doctor',
  });
  expect(results.filter(({ state }) => state === 'error').map(({ id }) => id)).toEqual(['credentials']);
  expect(
    results.filter(({ because }) => because === 'AWS credentials and clock does not hold').map(({ id }) => id),
  ).toEqual(['permissions', 'quotas', 'names', 'key-pair', 'hosted-zone', 'capacity']);
});

test('the step says what holds, and refuses a run with every finding', async () => {
  const answer = await specOf(doctor).check(healthy(), {});
  expect(answer).toEqual({ state: 'satisfied', output: null, because: '13 checks hold, 5 skipped' });
  const broken = healthy({
    workplace: { version: async () => '0.1.0', folder: async () => ({ writable: false, freeBytes: 1e12 }) },
  });
  await expect(specOf(doctor).check(broken, {})).rejects.toMatchObject({ code: 'NOT_READY', facts: { problems: 6 } });
});
