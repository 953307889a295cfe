import { beforeAll, describe, expect, test } from 'vitest';
import { decideBackup, keptBackups } from '../../../src/commands/backup.ts';
import type { Environment } from '../../../src/commands/environment.ts';
import { choicesOf, type RemovalFlags, screenOf, withChoices } from '../../../src/commands/removal.ts';
import type { PlatformConfig, TeardownChoices } from '../../../src/config/config.ts';
import type { EnvironmentState } from '../../../src/engine/fold.ts';
import { abandonment } from '../../../src/steps/teardown/backups.ts';
import type { KubernetesState } from '../../../src/steps/teardown/inventory-types.ts';
import type { LedgerEntry, SnapshotState } from '../../../src/tools/ports.ts';
import { exampleConfig } from '../../helpers/configuration.ts';
import { person } from '../../helpers/person.ts';

const common = { logLevel: 'info', color: false, parallel: 8 } as const;
const flagsOf = (flags: Partial<RemovalFlags>): RemovalFlags => ({ ...common, cleanup: true, ...flags });
const now = 1_700_000_000_000;
const etcd = (at: number): LedgerEntry => ({
  kind: 'etcd-snapshot',
  id: 's3://x',
  unique: { at: String(at) },
  step: 'destroy-backup',
});
const volume = (id: string, at: number): LedgerEntry => ({
  kind: 'snapshot',
  id,
  name: 'shop/db',
  unique: { volume: `vol-${id}`, at: String(at), gigabytes: '20' },
  step: 'destroy-snapshots',
});

interface Setting {
  readonly flags?: Partial<RemovalFlags>;
  readonly config?: Partial<PlatformConfig>;
  readonly ledger?: readonly LedgerEntry[];
  readonly cluster?: KubernetesState['is'];
  /** Steps on record. */
  readonly steps?: readonly string[];
  readonly snapshots?: readonly SnapshotState[];
  readonly terminal?: boolean;
  readonly keys?: string;
}

/** Runs the offer; `asked` is what was shown on the terminal, `said` what went to stderr. */
async function offer(setting: Setting) {
  const { flags = {}, terminal = true, keys = '\n', cluster = 'answers' } = setting;
  const { host, shown, said } = person({ stdin: terminal, stderr: terminal, keys });
  const known = {
    steps: new Map((setting.steps ?? []).map((id) => [id, { state: 'done' }])),
  } as unknown as EnvironmentState;
  const given = flagsOf(flags);
  const question = {
    host,
    environment: environmentOf(setting),
    flags: given,
    known,
    cluster: async () => ({ is: cluster }) as KubernetesState,
  };
  const { backup } = await decideBackup(question, choicesOf(given, 'destroy'));
  return { backup, asked: shown(), said: said() };
}

function environmentOf({ config = {}, ledger = [], snapshots = [] }: Setting): Environment {
  const look = () => ({
    clock: { now: () => now },
    ledger: { entries: async () => ledger },
    aws: { snapshots: async (ids: readonly string[]) => snapshots.filter(({ id }) => ids.includes(id)) },
  });
  const whole = { ...exampleConfig(), target: 'aws' as const, ...config };
  return { config: whole, clock: { now: () => now }, look } as unknown as Environment;
}

describe('what is said of a backup', () => {
  test.each([
    [{}, 'none', ''],
    [{ backup: 'etcd' }, 'etcd', ' --backup'],
    [{ backup: 'volumes' }, 'volumes', ' --backup volumes'],
    [{ backup: 'etcd', deleteData: true, keep: 'foundation' }, 'etcd', ' --keep foundation --delete-data --backup'],
  ] as const)('%j is %s', (flags, backup, typed) => {
    const choices = choicesOf(flagsOf(flags), 'destroy');
    expect(choices.backup).toBe(backup);
    const environment = withChoices({ ...environmentOf({}), contexts: {} } as Environment, choices);
    expect(screenOf(environment, flagsOf(flags), 'destroy').command).toBe(`destroy --cleanup${typed}`);
  });

  test.each([
    [{ backup: 'etcd', deleteData: true }, 'keep the bucket: --keep foundation'],
    [{ backup: 'volumes', deleteData: true }, 'delete the rest later'],
    [{ backup: 'volumes', deleteData: true, keep: 'foundation' }, 'delete the rest later'],
  ] as const)('%j would delete what it saves', (flags, next) => {
    expect(() => choicesOf(flagsOf(flags), 'destroy')).toThrow(
      expect.objectContaining({ code: 'USAGE', next: ['leave one of the two out', expect.stringContaining(next)] }),
    );
  });
});

describe('the offer of a backup', () => {
  // So that the first question does not pay for it.
  beforeAll(() => import('@inquirer/prompts'), 60_000);

  test.each([
    ['Enter is yes', '\n', 'etcd'],
    ['y', 'y\n', 'etcd'],
    ['n', 'n\n', 'none'],
  ] as const)('on a terminal it is asked: %s', async (_, keys, backup) => {
    const { asked, ...found } = await offer({ keys });
    expect(asked).toContain('Make a snapshot of etcd first? (Y/n)');
    expect(found).toEqual({ backup, said: '' });
  });

  test('Ctrl-C is no yes to anything', async () => {
    await expect(offer({ keys: '\u0003' })).rejects.toMatchObject({ code: 'DECLINED' });
  });

  test.each([
    ['nobody sits there', { terminal: false }],
    ['--yes says that nobody is asked', { flags: { yes: true } }],
  ] as const)('%s: the flag is named, and nothing is saved', async (_, setting) => {
    expect(await offer(setting)).toEqual({
      backup: 'none',
      asked: '',
      said: 'nothing is saved before the teardown; --backup makes a snapshot of etcd first\n',
    });
  });

  const simulated = { target: 'sandbox' as const, sandbox: { machines: 'simulated' as const, delay: 1 } };
  test.each<readonly [string, Setting]>([
    ['the person has spoken', { flags: { backup: 'volumes' } }],
    ['a plan was agreed to', { flags: { plan: 'p.json' } }],
    ['the data goes too', { flags: { deleteData: true } }],
    ['the API is left out', { flags: { awsOnly: true } }],
    ['there is no data bucket', { config: { addons: [] } }],
    ['the machines are simulated', { config: simulated }],
    ['the cluster does not answer', { cluster: 'unreachable' }],
    ['it was made a moment ago', { ledger: [etcd(now - 1000)] }],
    ['the cluster is taken apart already', { steps: ['destroy-inventory', 'destroy-suspend'] }],
  ])('%s: nobody is asked', async (_, setting) => {
    const { asked, said } = await offer({ ...setting, keys: 'n\n' });
    expect([asked, said]).toEqual(['', '']);
  });

  test.each<readonly [string, Setting]>([
    ['an interrupted run has only looked', { steps: ['destroy-inventory', 'destroy-backup'] }],
    ['the last backup is of an earlier day', { ledger: [etcd(now - 2 * 86_400_000)] }],
    ['the teardown that made one was abandoned', { ledger: [etcd(now - 1000), abandonment('r', now - 500)] }],
  ])('%s: it is asked', async (_, setting) => {
    expect((await offer(setting)).asked).toContain('Make a snapshot');
  });
});

describe('what was saved stays', () => {
  const completed = (id: string) => ({ id, state: 'completed', progress: '100%' });
  const ledger = [
    volume('snap-1', now - 1),
    volume('snap-2', now - 1),
    volume('snap-old', 1),
    volume('snap-bad', now - 1),
  ];
  const done = { done: ['destroy-snapshots'], kept: [] };
  const kept = { kind: 'snapshot', id: 'snap-2', name: '', because: '', cost: 'cents' } as const;

  test('each completed snapshot is named once, with its cost', async () => {
    const environment = environmentOf({ ledger, snapshots: ['snap-1', 'snap-2', 'snap-old'].map(completed) });
    expect(await keptBackups(environment, { kept: [kept] }, done)).toEqual([
      {
        kind: 'snapshot',
        id: 'snap-1',
        name: 'shop/db',
        because: 'backup: --delete-data was not given',
        cost: 'dollars',
      },
    ]);
  });

  test('nothing is promised before all are completed', async () => {
    const environment = environmentOf({ ledger, snapshots: [completed('snap-1')] });
    expect(await keptBackups(environment, { kept: [] }, { done: ['destroy-inventory'], kept: [] })).toEqual([]);
    expect(await keptBackups(environment, { kept: [] }, undefined)).toEqual([]);
  });
});

test('a choice reaches every step', () => {
  const seen: (TeardownChoices | undefined)[] = [];
  const environment = {
    ...environmentOf({}),
    contexts: { read: () => ({}), write: () => ({}) },
  } as unknown as Environment;
  const chosen = withChoices(environment, choicesOf(flagsOf({ backup: 'volumes' }), 'destroy'));
  const read = chosen.contexts.read({} as never) as unknown as { config: PlatformConfig };
  seen.push(read.config.teardown);
  expect(seen).toMatchObject([{ backup: 'volumes' }]);
});
