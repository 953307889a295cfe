import { describe, expect, test } from 'vitest';
import { restore } from '../../../src/commands/restore.ts';
import { up } from '../../../src/commands/up.ts';
import { snapshotEntry } from '../../../src/steps/day-two/snapshots.ts';
import { isPlatformError, PlatformError } from '../../../src/errors.ts';
import { clusterWith, object } from '../../helpers/fake-world.ts';
import { dayTwoFlags, dayTwoWorld, exitOf, instanceOf } from '../../helpers/day-two-world.ts';

const bucket = 'shop-dev-abcde-data-123456789012';
const key = (name: string): string => `shop-dev-abcde/etcd/${name}.db`;

interface Setting {
  /** What the restored cluster says. */
  readonly canary?: string;
  readonly uid?: string;
  readonly cluster?: string;
  readonly secrets?: 'unreadable';
  readonly healthy?: boolean;
  readonly recorded?: boolean;
  readonly machines?: readonly string[];
  /** Plays that fail, by their place. */
  readonly failing?: readonly number[];
}

async function make(setting: Setting = {}) {
  const { canary = 'word', uid = 'uid', cluster = 'shop-dev-abcde', recorded = true } = setting;
  let restored = setting.healthy === true;
  const failing = [...(setting.failing ?? [])];
  let plays = 0;
  const data =
    canary === ''
      ? []
      : [
          object(
            'ConfigMap',
            'platform-backup-canary',
            { data: { word: canary, cluster } },
            { namespace: 'kube-system' },
          ),
        ];
  const world = await dayTwoWorld(
    {
      aws: {
        instances: async () => (setting.machines ?? ['k8s-master']).map((node) => instanceOf(node)),
        objects: async () => ['a', 'b'].map((name, index) => ({ key: key(name), bytes: 42, changed: index })),
      },
      ssh: { run: async () => exitOf(1) },
      cluster: {
        ...clusterWith(data),
        identity: async () => ({ server: 's', authority: 'ca', uid }),
        raw: async () => {
          if (!restored) throw new PlatformError('UNREACHABLE', { message: 'refused', class: 'transient' });
          return { status: 200, body: 'ok' };
        },
        list: async () => {
          if (setting.secrets !== 'unreadable') return [];
          throw new PlatformError('KUBERNETES', { message: 'unable to transform key' });
        },
      },
    },
    {
      play: (_, variables) => {
        plays += 1;
        if (failing.includes(plays)) throw new PlatformError('TOOL_FAILED', { message: 'no disk' });
        if (variables['etcd_restore_phase'] === 'replace') restored = true;
      },
    },
  );
  if (recorded)
    world.ledger.push(
      snapshotEntry(
        { bucket, key: key('b'), bytes: 42, sha256: 'ff', revision: 7, keys: 3 },
        { canary: 'word', uid: 'uid', at: 1 },
      ),
    );
  return world;
}

const failure = async (promise: Promise<unknown>): Promise<string> => {
  try {
    return `exit ${String(await promise)}`;
  } catch (error) {
    if (isPlatformError(error)) return error.code;
    throw error;
  }
};

describe('restore', () => {
  test('fetches before it stops anything, replaces, waits for the API, and proves what came back', async () => {
    const { host, did, written, said } = await make();
    expect(await restore(host, dayTwoFlags)).toBe(0);
    expect(did).toEqual(['etcd-restore.yml on k8s-master: fetch', 'etcd-restore.yml on k8s-master: replace']);
    const variables = JSON.parse(
      [...written].find(([path]) => path.endsWith('variables.etcd-restore.json'))?.[1] ?? '',
    ) as object;
    expect(variables).toMatchObject({
      cluster_id: 'shop-dev-abcde',
      etcd_restore_cluster: 'shop-dev-abcde',
      etcd_restore_machine: 'k8s-master',
      etcd_restore_key: key('b'),
      etcd_restore_sha256: 'ff',
    });
    expect(said.stderr).toContain('Next: platform up');
  });

  test.each([
    ['another canary', { canary: 'other' }],
    ['no canary', { canary: '' }],
    ['Secrets that cannot be read', { secrets: 'unreadable' }],
    ['another cluster', { uid: 'x', cluster: 'shop-dev-other' }],
  ] as const)('%s is told, and the old data is still there', async (_, setting) => {
    const { host, said } = await make(setting);
    expect(await restore(host, dayTwoFlags)).not.toBe(0);
    expect(said.stderr).toContain('was restored, and is not what it should be');
    expect(said.stderr).toMatch(/member-before-/);
  });

  test('a snapshot of an earlier life of the same platform is accepted by its canary', async () => {
    const { host } = await make({ uid: 'earlier' });
    expect(await restore(host, dayTwoFlags)).toBe(0);
  });

  test('one that the timer made has no canary to look for: its identity must be right', async () => {
    const { host, said } = await make({ canary: '', recorded: false });
    expect(await restore(host, dayTwoFlags, 'a')).toBe(0);
    expect(said.stderr).toContain('No canary was written before this snapshot');
  });

  test('a cluster that answers is not replaced unasked', async () => {
    const { host, did } = await make({ healthy: true });
    expect(await failure(restore(host, dayTwoFlags))).toBe('WOULD_LOSE');
    expect(did).toEqual([]);
    expect(await restore(host, { ...dayTwoFlags, forceHealthy: true })).toBe(0);
  });

  test('nobody there to type the name, and no --yes: nothing is done', async () => {
    const { host, did } = await make();
    expect(await failure(restore(host, { ...dayTwoFlags, yes: false }))).toBe('NEEDS_YES');
    expect(did).toEqual([]);
  });

  test('every control plane that runs is stopped, and the others are named afterwards', async () => {
    const { host, did, said } = await make({ machines: ['k8s-master', 'k8s-master-2'] });
    // The example has one control plane; the second machine is no node of it and is left alone.
    expect(await restore(host, dayTwoFlags)).toBe(0);
    expect(did.at(-1)).toBe('etcd-restore.yml on k8s-master: replace');
    expect(said.stderr).not.toContain('node reset');
  });

  test('one that failed goes on as the same run, needs no --force-healthy, and keeps `up` away until then', async () => {
    const { host, did, written } = await make({ failing: [2] });
    expect(await restore(host, dayTwoFlags)).not.toBe(0);
    const runOf = (): string =>
      (
        JSON.parse([...written].find(([path]) => path.endsWith('variables.etcd-restore.json'))?.[1] ?? '{}') as {
          etcd_restore_run: string;
        }
      ).etcd_restore_run;
    const first = runOf();
    expect(await failure(up(host, { ...dayTwoFlags }))).toBe('UNFINISHED_VERB');
    expect(await failure(restore(host, dayTwoFlags, 'a'))).toBe('UNFINISHED_VERB');
    expect(await restore(host, dayTwoFlags)).toBe(0);
    expect(runOf()).toBe(first);
    expect(did.at(-1)).toBe('etcd-restore.yml on k8s-master: replace');
  });

  test('after one that ended well the next is another run', async () => {
    const { host, written, said, did } = await make();
    await restore(host, dayTwoFlags);
    const first = [...written.values()].at(-1);
    said.stderr = '';
    expect(await restore(host, { ...dayTwoFlags, forceHealthy: true }, 'b')).toBe(0);
    expect(did).toHaveLength(4);
    expect(said.stderr).toContain('stays beside the new');
    expect([...written.values()].at(-1)).not.toBe(first);
  });
});
