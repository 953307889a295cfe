import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../../../src/tools/ports.ts';
import { destroyBackup } from '../../../../src/steps/teardown/destroy-backup.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';
import { fakeWorld, specOf } from '../../../helpers/fake-world.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';

const inventory = { clusterId: 'demo-prod-ab1c2' };
const up = { inventory };
const key = (name: string): string => `demo-prod-ab1c2/etcd/${name}.db`;
const stored = (name: string, bytes = 42): string =>
  JSON.stringify({ status: 'stored', bucket: 'data', key: key(name), bytes });
const spec = specOf(destroyBackup);

interface Setting {
  /** What the unit leaves on the machine; a code other than 0 is its end. */
  readonly unit?: { readonly code?: number; readonly outcome?: string };
  readonly before?: string;
  readonly size?: number;
  readonly states?: Readonly<Record<string, string>>;
  readonly entries?: readonly LedgerEntry[];
  readonly target?: 'aws' | 'sandbox';
  readonly addons?: readonly string[];
}

function world({
  unit = { outcome: stored('new') },
  before,
  size = 42,
  states = { 'k8s-master': 'running' },
  ...more
}: Setting) {
  const clock = new SimulatedClock();
  const ran: string[] = [];
  let outcome = before;
  const example = exampleConfig();
  const config = {
    ...example,
    target: more.target ?? ('aws' as const),
    addons: (more.addons ?? example.addons) as typeof example.addons,
    sandbox: { ...example.sandbox, machines: 'simulated' as const },
  };
  const exit = (code: number, stdout = '') => ({ code, signal: null, tail: [], stdout, log: '' });
  const { context, ledger, notes } = fakeWorld(
    {
      aws: {
        instances: async () =>
          Object.entries(states).map(([node, state]) => ({
            id: 'i-1',
            node,
            state: state as 'running',
            publicAddress: '203.0.113.5',
            privateAddress: '10.0.0.5',
            zone: '',
            type: '',
            launchTime: '',
            clientToken: '',
          })),
        objectSize: async (bucket, name) => {
          ran.push(`size of ${bucket}/${name}`);
          return size < 0 ? undefined : size;
        },
      },
      ssh: {
        run: async (machine, argv) => {
          const words = argv.join(' ');
          if (words.includes(' cat ')) return outcome === undefined ? exit(1) : exit(0, outcome);
          if (words.includes('journalctl')) return exit(0, 'etcd is not there\n');
          ran.push(`${machine.name} at ${machine.address}: ${words}`);
          outcome = unit.outcome ?? outcome;
          return exit(unit.code ?? 0);
        },
      },
    },
    config,
  );
  ledger.push(...(more.entries ?? []));
  return { ctx: Object.assign(context, { clock }), ran, ledger, notes, clock };
}

describe('destroy-backup', () => {
  test('runs the unit now and believes only what S3 shows', async () => {
    const { ctx, ran, ledger } = world({ before: stored('old') });
    expect(await spec.check(ctx, up)).toMatchObject({ state: 'needed' });
    await spec.apply(ctx, up);
    expect(ran).toEqual([
      'k8s-master at 203.0.113.5: sudo -n systemctl start platform-etcd-backup.service',
      `size of data/${key('new')}`,
    ]);
    expect(ledger).toMatchObject([{ kind: 'etcd-snapshot', id: `s3://data/${key('new')}` }]);
    expect(await spec.check(ctx, up)).toMatchObject({
      state: 'satisfied',
      because: expect.stringContaining(key('new')),
    });
  });

  test('a snapshot of an earlier day does not count', async () => {
    const entries = [
      { kind: 'etcd-snapshot', id: 's3://old', unique: { at: '1600000000000' }, step: 'destroy-backup' },
    ];
    expect(await spec.check(world({ entries }).ctx, up)).toMatchObject({ state: 'needed' });
  });

  test.each<[string, Setting, string]>([
    ['the unit fails', { unit: { code: 1 } }, 'etcd is not there'],
    [
      'the machine still tells of the snapshot before',
      { before: stored('old'), unit: {} },
      'no control plane made a snapshot',
    ],
    ['S3 lacks the object', { size: -1 }, 'is not there'],
    ['S3 has another size', { size: 41 }, '41 bytes instead of 42'],
  ])('%s: nothing counts as backed up', async (_name, setting, told) => {
    const { ctx, clock, ledger } = world(setting);
    await expect(clock.drive(spec.apply(ctx, up) as Promise<unknown>)).rejects.toMatchObject({
      code: 'STEP_FAILED',
      message: expect.stringContaining(told),
    });
    expect(ledger).toEqual([]);
  });

  test.each<[string, Setting, string]>([
    ['simulated machines', { target: 'sandbox' }, 'not checked: simulated'],
    ['no control plane is left', { states: { 'k8s-master': 'terminated', 'k8s-worker-1': 'running' } }, 'no machine'],
  ])('%s: says so', async (_name, setting, told) => {
    const found = await spec.check(world(setting).ctx, up);
    expect(found).toMatchObject({ state: 'satisfied', because: expect.stringContaining(told) });
  });

  test('a snapshot that would be deleted at once with its bucket is refused', async () => {
    const { ctx } = world({});
    const teardown = { cleanup: true, deleteData: true, keepFoundation: false, backup: 'etcd' as const };
    await expect(spec.check({ ...ctx, config: { ...ctx.config, teardown } }, up)).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('volumes are saved where etcd cannot be, and that is said', async () => {
    const { ctx } = world({ addons: [] });
    const teardown = { cleanup: true, deleteData: false, keepFoundation: false, backup: 'volumes' as const };
    expect(await spec.check({ ...ctx, config: { ...ctx.config, teardown } }, up)).toMatchObject({
      state: 'satisfied',
      because: 'etcd is not saved: this environment has no data bucket (addons: etcd-backup)',
    });
  });

  test('without a data bucket it is refused before anything is destroyed', async () => {
    await expect(spec.check(world({ addons: [] }).ctx, up)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
