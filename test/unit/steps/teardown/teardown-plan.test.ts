import { describe, expect, test } from 'vitest';
import type { PlatformConfig, TeardownChoices } from '../../../../src/config/config.ts';
import { backupsOf } from '../../../../src/steps/teardown/backups.ts';
import { costOf } from '../../../../src/steps/teardown/costs.ts';
import type { Finding, Inventory } from '../../../../src/steps/teardown/inventory-types.ts';
import { teardown } from '../../../../src/steps/teardown/index.ts';
import { type PastRun, planTeardown } from '../../../../src/steps/teardown/teardown-plan.ts';
import { teardownPlanSchema } from '../../../../src/steps/teardown/teardown-plan-schema.ts';
import { phases } from '../../../../src/steps/teardown/teardown-phases.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';
import { object } from '../../../helpers/fake-world.ts';
import { evidenceOf, finding, ours, reference, resource } from '../../../helpers/teardown-evidence.ts';

const choices: TeardownChoices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none',
  rebuild: false,
};
const inCluster = (address: string) => ({ terraform: { root: 'cluster', address } }) as const;
const findings: readonly Finding[] = [
  finding(resource('vpc', 'vpc-1'), inCluster('aws_vpc.this')),
  finding(
    resource('security-group', 'sg-0', { holds: [reference('vpc', 'vpc-1')], diesWith: reference('vpc', 'vpc-1') }),
  ),
  finding(resource('subnet', 'subnet-1', { holds: [reference('vpc', 'vpc-1')] }), inCluster('aws_subnet.a')),
  finding(
    resource('instance', 'i-1', { holds: [reference('subnet', 'subnet-1'), reference('volume', 'vol-0')] }),
    inCluster('aws_instance.a'),
  ),
  finding(resource('volume', 'vol-0', { diesWith: reference('instance', 'i-1'), gigabytes: 40 })),
  finding(resource('volume', 'vol-1', { gigabytes: 20 }), { origin: 'PersistentVolumeClaim shop/data' }),
  finding(resource('volume', 'vol-2', { gigabytes: 500 }), {
    class: 'data',
    kept: 'data: --delete-data was not given',
  }),
  finding(
    resource('load-balancer', 'arn:lb/k8s-web-1', { name: 'k8s-web-1', holds: [reference('subnet', 'subnet-1')] }),
    {
      origin: 'Ingress web/shop',
    },
  ),
  finding(resource('network-interface', 'eni-9', { holds: [reference('subnet', 'subnet-1')] }), {
    class: 'unknown',
    because: 'no mark of ours, and nothing recorded it',
  }),
  finding(resource('vpc', 'vpc-2'), { class: 'foreign', because: 'another cluster of the same name' }),
  finding(resource('key-pair', `${ours}-key`)),
];
const nobody = {
  ingresses: [],
  services: [],
  gateways: [],
  claims: [],
  volumes: [],
  releases: [],
  operands: [],
  reconcilers: [],
};
const inventory = (parts: Partial<Inventory> = {}): Inventory => ({
  at: 0,
  clusterId: ours,
  account: '123456789012',
  vpcs: ['vpc-1'],
  findings,
  evidence: evidenceOf(),
  kubernetes: {
    is: 'answers',
    findings: { ...nobody, ingresses: [object('Ingress', 'shop')], operands: [object('RabbitmqCluster', 'mq')] },
  },
  vanished: [],
  ...parts,
});
const plan = (
  more: Partial<TeardownChoices> = {},
  parts: Partial<Inventory> = {},
  runs: readonly PastRun[] = [],
  expires?: number,
) =>
  planTeardown(inventory(parts), { environment: 'dev', teardown: { ...choices, ...more } }, runs, {
    now: 0,
    ...(expires === undefined ? {} : { expires }),
  });
const removals = (planned: ReturnType<typeof plan>) =>
  planned.steps.map(
    ({ step, removes }) => `${step}: ${removes.map(({ kind, count }) => `${count} ${kind}`).join(', ')}`,
  );

describe('a plan of a teardown', () => {
  test('says in which step each thing goes, and parts with their parent', () => {
    expect(removals(plan())).toEqual([
      'destroy-operators: 1 rabbitmq-cluster',
      'destroy-workloads: 1 volume',
      'destroy-entrances: 1 ingress, 1 load-balancer',
      'destroy-machines: 1 instance, 1 volume',
      'destroy-terraform-cluster: 1 vpc, 1 security-group, 1 subnet',
      'destroy-orphans: 1 key-pair',
    ]);
  });

  test('without Kubernetes leaves to the sweep what controllers made', () => {
    const silent = { kubernetes: { is: 'unreachable', because: 'no route' } } as const;
    expect(removals(plan({}, silent))).toEqual([
      'destroy-machines: 1 instance, 1 volume',
      'destroy-load-balancers: 1 load-balancer',
      'destroy-leftovers: 1 volume',
      'destroy-terraform-cluster: 1 vpc, 1 security-group, 1 subnet',
      'destroy-orphans: 1 key-pair',
    ]);
  });

  test('of a user’s own tree leaves to its Terraform what its state holds', () => {
    const own = plan({}, { evidence: evidenceOf({ bringYourOwn: true }) });
    expect(removals(own)).toContain(
      'destroy-terraform-cluster: 1 vpc, 1 security-group, 1 subnet, 1 instance, 1 volume',
    );
  });

  test('counts everything by kind and class', () => {
    expect(plan().counts).toEqual(
      expect.arrayContaining([
        { kind: 'ingress', class: 'owned', count: 1 },
        { kind: 'volume', class: 'owned', count: 2 },
        { kind: 'volume', class: 'data', count: 1 },
        { kind: 'vpc', class: 'foreign', count: 1 },
      ]),
    );
  });

  test('says what stays, why, and what it costs', () => {
    expect(plan().kept).toEqual([
      {
        kind: 'volume',
        id: 'vol-2',
        name: '',
        because: 'data: --delete-data was not given',
        cost: 'tens of dollars',
      },
    ]);
  });

  test('names what is not ours, first what holds something of ours', () => {
    expect(plan().refused.map(({ id, chain }) => ({ id, chain }))).toEqual([
      { id: 'eni-9', chain: ['subnet-1', 'eni-9'] },
      { id: 'vpc-2', chain: [] },
    ]);
  });

  test('tells each chain of what waits for what once, in its longest form', () => {
    expect(plan().blocks).toEqual([['vpc-1', 'subnet-1', 'load balancer k8s-web-1', 'Ingress web/shop']]);
  });

  test('has every field that its schema asks for, and no other', () => {
    const planned = plan();
    expect(Object.keys(planned).toSorted()).toEqual(Object.keys(teardownPlanSchema.properties).toSorted());
    const { kept, refused, steps } = teardownPlanSchema.properties;
    expect(Object.keys(planned.kept[0] ?? {}).toSorted()).toEqual(kept.items.required.toSorted());
    expect(Object.keys(planned.refused[0] ?? {}).toSorted()).toEqual(refused.items.required.toSorted());
    expect(Object.keys(planned.steps[0] ?? {}).toSorted()).toEqual(steps.items.required.toSorted());
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
  });

  test('without --cleanup is refused while Terraform would wait for what it did not make', () => {
    expect(plan({ cleanup: false }).problems).toMatchObject([
      { code: 'LEFTOVERS', message: expect.stringContaining('load balancer k8s-web-1, eni-9') as string },
    ]);
    const alone = findings.filter(({ resource: { id } }) => !['eni-9', 'arn:lb/k8s-web-1'].includes(id));
    expect(plan({ cleanup: false }, { findings: alone }).problems).toEqual([]);
  });
});

describe('what is saved first', () => {
  const config: PlatformConfig = { ...exampleConfig(), target: 'aws' };
  const driver = { tags: { 'ebs.csi.aws.com/cluster': 'true' } };
  const [db, kept, foreign] = [
    finding(resource('volume', 'vol-1', driver)),
    finding(resource('volume', 'vol-2', driver), { class: 'data' }),
    finding(resource('volume', 'vol-3', driver), { class: 'foreign' }),
  ];
  const whole = inventory({
    findings: [...findings.filter(({ resource: { kind } }) => kind !== 'volume'), db, kept, foreign],
  });
  const savedOf = (
    backup: TeardownChoices['backup'],
    some: Partial<PlatformConfig> = {},
    parts: Partial<Inventory> = {},
  ) =>
    backupsOf({ ...whole, ...parts }, { ...config, ...some, teardown: { ...choices, backup } }, 1000).map(
      ({ step, makes }) => `${step}: ${makes.map(({ kind, count }) => `${count} ${kind}`).join()}`,
    );
  const etcd = 'destroy-backup: 1 etcd-snapshot';

  test('is what was asked for, of what is there', () => {
    expect(savedOf('none')).toEqual([]);
    expect(savedOf('etcd')).toEqual([etcd]);
    expect(savedOf('volumes')).toEqual([etcd, 'destroy-snapshots: 2 snapshot']);
    expect(savedOf('volumes', { addons: [] })).toEqual(['destroy-snapshots: 2 snapshot']);
    expect(savedOf('volumes', {}, { findings: [kept] })).toEqual(['destroy-snapshots: 1 snapshot']);
  });

  test('leaves out what an interrupted run has saved', () => {
    const ledger = [
      { kind: 'etcd-snapshot', id: 's3://x', unique: { at: '999' }, step: 'destroy-backup' },
      { kind: 'snapshot', id: 'snap-1', unique: { volume: 'vol-1', at: '999' }, step: 'destroy-snapshots' },
    ];
    const tags = { 'platform/purpose': 'backup' };
    const unique = { volume: 'vol-2', started: new Date(999).toISOString() };
    const found = [...whole.findings, finding(resource('snapshot', 'snap-2', { tags, unique }), { class: 'data' })];
    expect(savedOf('volumes', {}, { evidence: evidenceOf({ ledger }) })).toEqual(['destroy-snapshots: 1 snapshot']);
    expect(savedOf('volumes', {}, { evidence: evidenceOf({ ledger }), findings: found })).toEqual([]);
  });

  test('stands before everything that removes, counts into the time, and is no removal', () => {
    const saving = [{ step: 'destroy-snapshots', makes: [{ kind: 'snapshot', count: 2 }] }];
    const teardown = { environment: 'dev', teardown: choices };
    const runs = [{ verb: 'destroy', durations: new Map([['destroy-snapshots', { work: 60_000, wait: 0 }]]) }];
    const { steps, expected, counts } = planTeardown(whole, teardown, runs, { now: 0 }, saving);
    expect(steps[0]).toEqual({ title: 'Snapshots of volumes', removes: [], things: [], ...saving[0] });
    expect(expected.milliseconds).toBe(60_000);
    expect(counts.some(({ kind }) => kind === 'snapshot')).toBe(false);
    expect(
      planTeardown(
        inventory({ findings: [], kubernetes: { is: 'left-out', because: '' } }),
        teardown,
        [],
        { now: 0 },
        saving,
      ).steps,
    ).toEqual([]);
  });
});

describe('how long it takes', () => {
  const took = (minutes: Readonly<Record<string, number>>, verb = 'destroy'): PastRun => ({
    verb,
    durations: new Map(Object.entries(minutes).map(([step, work]) => [step, { work: work * 60_000, wait: 0 }])),
  });

  test('is not known without an earlier teardown', () => {
    expect(plan({}, {}, [took({ 'control-plane': 5 }, 'up')]).expected.milliseconds).toBeNull();
  });

  test('is the sum over the phases of the slowest step in each, by medians', () => {
    const runs = [
      took({ 'destroy-workloads': 1, 'destroy-entrances': 3, 'destroy-machines': 1 }),
      took({ 'destroy-workloads': 1, 'destroy-entrances': 5, 'destroy-machines': 3 }),
      took({ 'destroy-workloads': 9, 'destroy-entrances': 2, 'destroy-machines': 2 }, 'rebuild'),
    ];
    const { milliseconds, from } = plan({}, {}, runs).expected;
    expect(milliseconds).toBe(5 * 60_000);
    expect(from).toMatch(/3 earlier teardowns, without \d of \d steps/);
  });

  test('credentials that would end before are a problem, those that last are not', () => {
    const runs = [took({ 'destroy-machines': 10 })];
    expect(plan({}, {}, runs, 9 * 60_000).problems).toMatchObject([
      { code: 'CREDENTIALS', message: 'the AWS credentials end in 9 min, the teardown may take 10 min' },
    ]);
    expect(plan({}, {}, runs, 11 * 60_000).problems).toEqual([]);
    expect(plan({}, {}, [], 11 * 60_000).problems).toHaveLength(1);
  });
});

test('every step of a teardown has its place in the plan, and every place its step', () => {
  expect(phases.flat().toSorted()).toEqual(teardown.map(({ id }) => id).toSorted());
  expect(plan().steps.map(({ title }) => title)).toContain('Machines');
});

test.each([
  [resource('volume', 'v', { gigabytes: 8 }), 'cents'],
  [resource('volume', 'v', { gigabytes: 100 }), 'dollars'],
  [resource('volume', 'v', { gigabytes: 500 }), 'tens of dollars'],
  [resource('snapshot', 's', { gigabytes: 4000 }), 'hundreds of dollars'],
  [resource('address', 'a'), 'dollars'],
  [resource('load-balancer', 'l'), 'tens of dollars'],
  [resource('bucket', 'b', { empty: true }), 'free'],
  [resource('bucket', 'b', { empty: false }), 'cents'],
  [resource('security-group', 'g'), 'free'],
])('%o costs %s a month', (thing, expected) => {
  expect(costOf(thing)).toBe(expected);
});
