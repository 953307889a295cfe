import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import { abandonment } from '../../../../src/steps/teardown/backups.ts';
import { destroySnapshots } from '../../../../src/steps/teardown/destroy-snapshots.ts';
import type { CloudKind, CloudResource, LedgerEntry, SnapshotState } from '../../../../src/tools/ports.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';
import { born, entry, ours, resource } from '../../../helpers/teardown-evidence.ts';
import { teardownWorld } from '../../../helpers/teardown-world.ts';

const up = { inventory: { clusterId: ours } };
const spec = specOf(destroySnapshots);
const driver = { ...born, 'ebs.csi.aws.com/cluster': 'true' };
const claim = { 'kubernetes.io/created-for/pvc/namespace': 'mq', 'kubernetes.io/created-for/pvc/name': 'data-mq-0' };
const isolated = { vpc: 'vpc-1' };

/** Two volumes behind claims, the root volume of a machine, and a volume of somebody else. */
const usual: readonly CloudResource[] = [
  resource('volume', 'vol-db', { tags: driver, gigabytes: 20 }),
  resource('volume', 'vol-mq', { tags: { ...driver, ...claim }, gigabytes: 8 }),
  resource('volume', 'vol-root', { tags: born, diesWith: { kind: 'instance', id: 'i-1' } }),
  resource('volume', 'vol-theirs', {
    tags: { 'kubernetes.io/cluster/other': 'owned', 'ebs.csi.aws.com/cluster': 'true' },
  }),
  resource('instance', 'i-1', { tags: born, ...isolated }),
  resource('vpc', 'vpc-1', { tags: born }),
];
const records: readonly LedgerEntry[] = [
  entry('vpc', 'vpc-1'),
  entry('volume', 'vol-db', { reclaim: 'Delete' }, 'PersistentVolumeClaim shop/db'),
];

interface Snapshot extends SnapshotState {
  readonly volume: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly started: number;
}

/** An account that outlives the processes which look at it. */
class Account {
  readonly clock = new SimulatedClock();
  readonly ledger: LedgerEntry[] = [...records];
  readonly snapshots: Snapshot[] = [];
  things: readonly CloudResource[] = usual;
  /** Milliseconds until a snapshot is completed. */
  takes = 30_000;
  refuse: (volume: string) => string | undefined = () => undefined;
  state: (made: Snapshot) => string = ({ started }) =>
    this.clock.now() - started >= this.takes ? 'completed' : 'pending';

  add(volume: string, tags: Readonly<Record<string, string>> = {}, started = this.clock.now()): string {
    const id = `snap-${this.snapshots.length + 1}`;
    this.snapshots.push({ id, volume, tags, started, state: '', progress: '' });
    return id;
  }

  /** One process; killed at its n-th call that changes anything or is awaited, before or after it was done. */
  process(killAt = Number.POSITIVE_INFINITY) {
    const audits: string[] = [];
    let points = 0;
    const point = (): void => {
      points += 1;
      if (points >= killAt) throw new Error('killed');
    };
    const list = async (kind: CloudKind): Promise<readonly CloudResource[]> =>
      kind === 'snapshot'
        ? this.snapshots.map((one) =>
            resource('snapshot', one.id, {
              tags: one.tags,
              state: this.state(one),
              unique: { volume: one.volume, started: new Date(one.started).toISOString() },
            }),
          )
        : this.things.filter((one) => one.kind === kind);
    const world = teardownWorld({
      list,
      aws: {
        snapshots: async (ids) =>
          this.snapshots
            .filter(({ id }) => ids.includes(id))
            .map((one) => ({
              id: one.id,
              state: this.state(one),
              progress: this.state(one) === 'completed' ? '100%' : '40%',
            })),
        makeSnapshot: async (volume, tags) => {
          point();
          const refusal = this.refuse(volume);
          if (refusal !== undefined) throw new PlatformError('QUOTA', { message: refusal, facts: { name: refusal } });
          const id = this.add(volume, tags);
          point();
          return id;
        },
      },
    });
    const ledger = {
      entries: async () => this.ledger,
      record: async (entries: readonly LedgerEntry[]) => {
        point();
        this.ledger.push(...entries);
        point();
      },
      mirror: async () => point(),
    };
    const audit = async ({ action, target }: { action: string; target: string }): Promise<void> => {
      audits.push(`${action} ${target}`);
    };
    const ctx = Object.assign(world.context, { clock: this.clock, ledger, audit });
    return {
      check: () => spec.check(ctx, up) as Promise<{ state: string; because: string; preview?: readonly string[] }>,
      apply: () => this.clock.drive(spec.apply(ctx, up) as Promise<unknown>),
      notes: world.notes,
      audits,
      points: () => points,
    };
  }
}

describe('destroy-snapshots', () => {
  test('saves every volume that holds data of the cluster, waits for completed, says how far it is', async () => {
    const account = new Account();
    const process = account.process();
    expect(await process.check()).toEqual({
      state: 'needed',
      because: '2 of 2 volumes have no snapshot of now',
      preview: ['snapshot of volume vol-db (shop/db, 20 GiB)', 'snapshot of volume vol-mq (mq/data-mq-0, 8 GiB)'],
    });
    const began = account.clock.monotonic();
    expect(await process.apply()).toEqual({
      snapshots: [
        { id: 'snap-1', volume: 'vol-db', of: 'shop/db' },
        { id: 'snap-2', volume: 'vol-mq', of: 'mq/data-mq-0' },
      ],
    });
    expect(account.clock.monotonic() - began).toBeGreaterThanOrEqual(account.takes);
    expect(process.audits).toEqual(['create snapshot of volume vol-db', 'create snapshot of volume vol-mq']);
    expect(process.notes).toContain(
      'waiting for 2 of 2 snapshots: snap-1 of shop/db (pending, 40%), snap-2 of mq/data-mq-0 (pending, 40%)',
    );
    expect(account.snapshots[0]?.tags).toEqual({
      Name: 'shop/db',
      ...born,
      'platform/purpose': 'backup',
      'kubernetes.io/created-for/pvc/namespace': 'shop',
      'kubernetes.io/created-for/pvc/name': 'db',
    });
    expect(account.ledger.slice(records.length)).toMatchObject([
      { kind: 'snapshot', id: 'snap-1', name: 'shop/db', unique: { volume: 'vol-db', gigabytes: '20' } },
      { kind: 'snapshot', id: 'snap-2' },
    ]);
    expect(await process.check()).toMatchObject({
      state: 'satisfied',
      because: 'made for this teardown: snap-1 of shop/db, snap-2 of mq/data-mq-0',
    });
  });

  test('killed at any point and typed again: one snapshot of each volume, all of them recorded or tagged', async () => {
    const whole = new Account().process();
    await whole.apply();
    expect(whole.points()).toBe(9);
    for (let at = 1; at <= whole.points(); at += 1) {
      const account = new Account();
      await expect(account.process(at).apply()).rejects.toThrow('killed');
      await account.process().apply();
      expect(account.snapshots.map(({ volume }) => volume).toSorted(), `killed at ${at}`).toEqual(['vol-db', 'vol-mq']);
      expect(await account.process().check()).toMatchObject({ state: 'satisfied' });
    }
  });

  test.each<readonly [string, (account: Account) => void]>([
    [
      'of an earlier day',
      (account) => void account.add('vol-db', { ...born, 'platform/purpose': 'backup' }, 1_600_000_000_000),
    ],
    [
      'of a teardown that was abandoned',
      (account) => {
        const before = account.clock.now() - 1000;
        account.add('vol-db', { ...born, 'platform/purpose': 'backup' }, before);
        account.ledger.push(abandonment('run', before + 1));
      },
    ],
    ['that a person made', (account) => void account.add('vol-db', born)],
    [
      'of another cluster',
      (account) => void account.add('vol-db', { 'platform/cluster': 'other', 'platform/purpose': 'backup' }),
    ],
  ])('a snapshot %s does not count', async (_, prepare) => {
    const account = new Account();
    prepare(account);
    expect(await account.process().check()).toMatchObject({ because: '2 of 2 volumes have no snapshot of now' });
  });

  test('one that failed is said, and the next run makes another', async () => {
    const account = new Account();
    account.state = ({ id }) => (id === 'snap-1' ? 'error' : 'completed');
    await expect(account.process().apply()).rejects.toMatchObject({
      code: 'STEP_FAILED',
      class: 'transient',
      message: 'AWS could not make the snapshot snap-1 of shop/db',
    });
    await account.process().apply();
    expect(account.snapshots.map(({ volume }) => volume)).toEqual(['vol-db', 'vol-mq', 'vol-db']);
  });

  test('one that somebody deleted is made again', async () => {
    const account = new Account();
    await account.process().apply();
    await account.clock.drive(account.clock.sleep(300_000));
    account.snapshots.shift();
    expect(await account.process().check()).toMatchObject({ because: '1 of 2 volumes have no snapshot of now' });
  });

  test('AWS takes only some at a time: the others follow', async () => {
    const account = new Account();
    account.refuse = () =>
      account.snapshots.some((one) => account.state(one) === 'pending') ? 'ConcurrentSnapshotLimitExceeded' : undefined;
    const process = account.process();
    await process.apply();
    expect(account.snapshots.map(({ volume }) => volume)).toEqual(['vol-db', 'vol-mq']);
    expect(process.notes.join('\n')).toContain('1 not begun: ConcurrentSnapshotLimitExceeded');
  });

  test('a volume that vanishes meanwhile has nothing to be saved; any other refusal ends it', async () => {
    const account = new Account();
    account.refuse = (volume) => (volume === 'vol-mq' ? 'InvalidVolume.NotFound' : undefined);
    expect(await account.process().apply()).toMatchObject({ snapshots: [{ volume: 'vol-db' }] });
    account.refuse = () => 'UnauthorizedOperation';
    account.ledger.push(abandonment('run', account.clock.now()));
    await expect(account.process().apply()).rejects.toThrow('UnauthorizedOperation');
  });

  test('gives up when nothing moves for an hour, not because of time', async () => {
    const slow = new Account();
    slow.takes = 40 * 60_000;
    await slow.process().apply();
    const stuck = new Account();
    stuck.takes = Number.POSITIVE_INFINITY;
    await expect(stuck.process().apply()).rejects.toMatchObject({
      code: 'NOT_READY_IN_TIME',
      message: expect.stringContaining('snap-1 of shop/db (pending, 40%)'),
    });
  });

  test('nothing was built, or nothing holds data: says so', async () => {
    const account = new Account();
    account.things = [];
    expect(await account.process().check()).toMatchObject({ because: 'no volume of ours holds any data' });
    const { context } = teardownWorld({ built: false });
    expect(await spec.check(context, { inventory: { clusterId: '' } })).toMatchObject({
      because: 'nothing was ever built',
    });
  });
});
