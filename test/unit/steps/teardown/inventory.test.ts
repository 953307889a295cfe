import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import { observeKubernetes } from '../../../../src/steps/teardown/cluster-findings.ts';
import { destroyInventory } from '../../../../src/steps/teardown/destroy-inventory.ts';
import { referenceOf } from '../../../../src/steps/teardown/evidence-terraform.ts';
import { takeInventory, takePartialInventory } from '../../../../src/steps/teardown/inventory.ts';
import { withProof } from '../../../../src/steps/teardown/listing.ts';
import { refusedKinds, removableKinds } from '../../../../src/tools/ports-estate.ts';
import { object, specOf } from '../../../helpers/fake-world.ts';
import { born, entry, evidenceOf, ours, reference, resource } from '../../../helpers/teardown-evidence.ts';
import { liveCluster, teardownWorld } from '../../../helpers/teardown-world.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';

const csi = { 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: 'pvc-1' };
const home = resource('vpc', 'vpc-1', { tags: born });
const machine = resource('instance', 'i-1', { vpc: 'vpc-1', tags: born });
const disk = resource('volume', 'vol-1', { tags: csi, unique: { created: '2026-01-01' }, gigabytes: 20 });
const recorded = [entry('vpc', 'vpc-1'), entry('instance', 'i-1'), entry('kubernetes', 'uid-1', { authority: 'ca-1' })];
const volume = (policy: string) =>
  object('PersistentVolume', 'pvc-1', {
    spec: {
      csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' },
      claimRef: { namespace: 'shop', name: 'data' },
      persistentVolumeReclaimPolicy: policy,
    },
  });
const choices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none' as const,
  rebuild: false,
};
const configured = (teardown: Partial<typeof choices>) => ({
  ...exampleConfig(),
  name: 'shop',
  environment: 'dev',
  teardown: { ...choices, ...teardown },
});

describe('an inventory', () => {
  test('of an environment that was never built looks at nothing', async () => {
    const { context, listed } = teardownWorld({ built: false });
    expect(await takeInventory(context)).toMatchObject({ clusterId: '', findings: [], vanished: [] });
    expect(listed).toEqual([]);
  });

  test.each([
    [
      'a Terraform state holds something',
      { states: { cluster: [{ address: 'aws_vpc.this', type: 'aws_vpc', id: 'vpc-1', tainted: false }] } },
    ],
    ['a recorded network still stands', { ledger: [entry('vpc', 'vpc-1')], resources: [home] }],
  ] as const)('of an environment whose id is lost while %s is refused', async (_, parts) => {
    const { context } = teardownWorld({ ...parts, built: false });
    await expect(takeInventory(context)).rejects.toMatchObject({
      code: 'CONTRACT_BROKEN',
      next: [/restore/, /again/].map((text) => expect.stringMatching(text)),
    });
  });

  test('lists every kind once, in scope of ledger, states and cluster', async () => {
    const { context, listed, scopes } = teardownWorld({
      resources: [home, machine],
      ledger: [...recorded, entry('role', 'AROA1', { roleId: 'AROA1' }), entry('elastic-ip', 'eipalloc-1')],
      states: { cluster: [{ address: 'aws_subnet.a', type: 'aws_subnet', id: 'subnet-1', tainted: false }] },
      cluster: liveCluster(['i-1'], [volume('Delete')]),
    });
    await takeInventory(context);
    expect(listed.toSorted()).toEqual([...removableKinds, ...refusedKinds].toSorted());
    expect(scopes[0]).toMatchObject({
      cluster: ours,
      vpcs: ['vpc-1'],
      recorded: { subnet: ['subnet-1'], address: ['eipalloc-1'], volume: ['vol-1'], instance: ['i-1'] },
    });
    expect(scopes[0]?.recorded.role).toBeUndefined();
  });

  test('looks into a VPC that only its tags prove, for what stands in it without a tag', async () => {
    const { context, scopes } = teardownWorld({
      resources: [home, resource('network-interface', 'eni-1', { vpc: 'vpc-1' })],
    });
    const { vpcs, findings } = await takeInventory(context);
    expect(scopes.at(-1)?.vpcs).toEqual(['vpc-1']);
    expect(vpcs).toEqual(['vpc-1']);
    expect(findings.map(({ class: ownership }) => ownership)).toEqual(['unknown', 'owned']);
  });

  test('looks where recorded things stand too, though the network is on no record: who holds them stands there', async () => {
    const ledger = [
      entry('subnet', 'subnet-1', { vpc: 'vpc-7' }),
      entry('instance', 'i-1', { vpc: 'vpc-7', zone: 'a' }),
    ];
    const { context, scopes } = teardownWorld({ ledger });
    await takeInventory(context);
    expect(scopes[0]?.vpcs).toEqual(['vpc-7']);
  });

  test('tells where each thing comes from, and leaves out what AWS has ended', async () => {
    const arn = 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/k8s-web-1/50dc';
    const { context } = teardownWorld({
      resources: [
        home,
        machine,
        disk,
        resource('load-balancer', arn, {
          vpc: 'vpc-1',
          tags: born,
          unique: { hostname: 'k8s-web-1-1.elb.amazonaws.com' },
        }),
        resource('instance', 'i-0', { vpc: 'vpc-1', tags: born, phase: 'gone' }),
      ],
      ledger: [...recorded, entry('instance', 'i-0'), entry('volume', 'vol-0')],
      cluster: liveCluster(
        ['i-1'],
        [
          volume('Delete'),
          object(
            'Ingress',
            'shop',
            { status: { loadBalancer: { ingress: [{ hostname: 'k8s-web-1-1.elb.amazonaws.com' }] } } },
            { namespace: 'web' },
          ),
        ],
      ),
    });
    const { findings, vanished } = await takeInventory(context);
    const origins = Object.fromEntries(findings.map(({ resource: { id }, origin }) => [id, origin]));
    expect(origins).toEqual({
      'vpc-1': undefined,
      'i-1': undefined,
      'vol-1': 'PersistentVolumeClaim shop/data',
      [arn]: 'Ingress web/shop',
    });
    expect(vanished.map(({ id }) => id)).toEqual(['i-0', 'vol-0']);
  });

  test('proves by the copy beside the state what another machine recorded, and ignores a torn line of it', async () => {
    const key = resource('key-pair', `${ours}-key`, { unique: { keyPairId: 'key-1' } });
    const line = JSON.stringify({ ...entry('key-pair', key.id, { keyPairId: 'key-1' }), crc: 'x' });
    const { context } = teardownWorld({ resources: [key], mirrored: `${line}\n{"kind":"vol` });
    const { findings } = await takeInventory(context);
    expect(findings[0]).toMatchObject({ class: 'owned', because: 'recorded by step infrastructure' });
  });

  test('keeps what was asked to be kept, and says why', async () => {
    const things = [
      resource('snapshot', 'snap-1', { tags: born }),
      resource('address', 'eipalloc-1', { tags: born }),
      resource('key-pair', `${ours}-key`, { tags: born }),
    ];
    const keptOf = async (teardown: Partial<typeof choices>) => {
      const { findings } = await takeInventory(
        teardownWorld({ resources: things, config: configured(teardown) }).context,
      );
      return findings.map(({ kept }) => kept);
    };
    const data = 'data: --delete-data was not given';
    expect(await keptOf({})).toEqual([data, undefined, undefined]);
    expect(await keptOf({ keepFoundation: true })).toEqual([data, '--keep foundation', undefined]);
    expect(await keptOf({ deleteData: true })).toEqual([undefined, undefined, undefined]);
    things[0] = resource('snapshot', 'snap-1', { tags: { ...born, 'platform/purpose': 'backup' } });
    expect(await keptOf({})).toEqual(['backup: --delete-data was not given', undefined, undefined]);
    expect(await keptOf({ deleteData: true })).toEqual([undefined, undefined, undefined]);
  });

  test('that may not list a kind is an error that names the right, never "none"', async () => {
    const denied = new PlatformError('AWS', {
      message: 'you are not authorized',
      facts: { service: 'ec2', action: 'DescribeVolumes', name: 'UnauthorizedOperation' },
    });
    const { context } = teardownWorld({
      list: async (kind) => {
        if (kind === 'volume') throw denied;
        return [];
      },
    });
    await expect(takeInventory(context)).rejects.toMatchObject({
      code: 'AWS',
      message: expect.stringContaining('volumes cannot be listed, ec2:DescribeVolumes is not allowed') as string,
      next: [expect.stringContaining('allow ec2:DescribeVolumes') as string],
    });
  });
});

describe('a partial inventory', () => {
  test('lists what its verdicts hang on: a namesake elsewhere, the machine of a disk', async () => {
    const namesake = resource('vpc', 'vpc-2', { tags: born });
    const loose = resource('volume', 'vol-1', { tags: born });
    const { context, listed } = teardownWorld({ resources: [home, namesake, loose] });
    const evidence = evidenceOf({ vpcs: ['vpc-1'], ledger: [entry('vpc', 'vpc-1')] });
    const findings = await takePartialInventory(context, evidence, ['volume']);
    expect(listed.toSorted()).toEqual(['instance', 'volume', 'vpc']);
    expect(findings.find(({ resource: { id } }) => id === 'vol-1')).toMatchObject({ class: 'unknown' });
  });

  test('looks for nothing in a VPC that AWS no longer has, but for what outlives it', async () => {
    const { context, listed, scopes } = teardownWorld({ resources: [] });
    const evidence = evidenceOf({ vpcs: ['vpc-1'], ledger: [entry('vpc', 'vpc-1')] });
    await takePartialInventory(context, evidence, ['subnet', 'nat-gateway', 'target-group']);
    const vpcsOf = (kind: string) => scopes[listed.indexOf(kind as 'vpc')]?.vpcs;
    expect(listed[0]).toBe('vpc');
    expect(vpcsOf('subnet')).toEqual([]);
    expect(vpcsOf('nat-gateway')).toEqual([]);
    expect(vpcsOf('target-group')).toEqual(['vpc-1']);
    const there = teardownWorld({ resources: [home] });
    await takePartialInventory(there.context, evidence, ['subnet']);
    expect(there.scopes.map(({ vpcs }) => vpcs)).toEqual([['vpc-1'], ['vpc-1'], ['vpc-1']]);
  });

  test('of policies needs roles, profiles and machines', () => {
    expect(withProof(['policy']).toSorted()).toEqual(['instance', 'instance-profile', 'policy', 'role', 'vpc']);
  });
});

describe('the bucket of the state', () => {
  test('is looked up where a person is shown what stays, and in no look of a teardown; it never counts as removed', async () => {
    const bucket = 'platform-state-123456789012-ap-northeast-2-shop';
    const parts = { ledger: [entry('bucket', bucket)] };
    const bucketsOf = ({ scopes, listed }: ReturnType<typeof teardownWorld>) =>
      scopes[listed.indexOf('bucket')]?.recorded.bucket;
    const shown = teardownWorld(parts);
    const { evidence } = await takeInventory(shown.context);
    expect(evidence?.stateBucket).toBe(bucket);
    expect(bucketsOf(shown)).toEqual([bucket]);
    const last = teardownWorld(parts);
    const { vanished } = await takeInventory(last.context, (kind, scope) => last.context.estate.list(kind, scope));
    expect(bucketsOf(last)).toBeUndefined();
    expect(vanished).toEqual([]);
  });
});

describe('the cluster', () => {
  const observe = (parts: Parameters<typeof teardownWorld>[0]) => observeKubernetes(teardownWorld(parts).context);
  const unreachable = {
    identity: async () => Promise.reject(new PlatformError('UNREACHABLE', { message: 'no route' })),
  };
  const elsewhere = (authority: string, uid: string) =>
    liveCluster(['i-1'], [], { server: 'https://203.0.113.9:6443', authority, uid });

  test('takes part where it answers and is the recorded one', async () => {
    const state = await observe({
      ledger: recorded,
      cluster: liveCluster(
        ['i-1'],
        [
          volume('Delete'),
          object('Service', 'plain', { spec: { type: 'ClusterIP' } }),
          object('Service', 'web', { spec: { type: 'LoadBalancer' } }),
          object('Service', 'was', { spec: { type: 'ClusterIP' } }, { finalizers: ['service.k8s.aws/resources'] }),
          { ...object('RabbitmqCluster', 'mq'), apiVersion: 'rabbitmq.com/v1beta1' },
          { ...object('Application', 'shop'), apiVersion: 'argoproj.io/v1alpha1' },
        ],
      ),
    });
    if (state.is !== 'answers') throw new Error(state.because);
    const names = (objects: readonly { metadata: { name: string } }[]) => objects.map(({ metadata }) => metadata.name);
    const { services, volumes, operands, reconcilers } = state.findings;
    expect([names(services), names(volumes), names(operands), names(reconcilers)]).toEqual([
      ['web', 'was'],
      ['pvc-1'],
      ['mq'],
      ['shop'],
    ]);
  });

  test.each([
    ['another UID', elsewhere('ca-1', 'uid-2'), recorded],
    ['the same UID under another authority: a restored snapshot', elsewhere('ca-2', 'uid-1'), recorded],
    ['machines that nobody recorded', liveCluster(['i-7', 'i-8']), recorded],
    ['no record of its identity and one machine too many', liveCluster(['i-1', 'i-7']), recorded.slice(0, 2)],
    ['no record of its identity and no machine', liveCluster([]), recorded.slice(0, 2)],
  ])('is refused with %s', async (_, cluster, ledger) => {
    await expect(observe({ cluster, ledger })).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
  });

  test('is accepted without a record of its identity when all its machines are recorded', async () => {
    const state = await observe({ cluster: liveCluster(['i-1']), ledger: recorded.slice(0, 2) });
    expect(state.is).toBe('answers');
  });

  test('is accepted without any record when all its machines carry our tags at home', async () => {
    const parts = { cluster: liveCluster(['i-1']), ledger: [] };
    expect((await observe({ ...parts, resources: [home, machine] })).is).toBe('answers');
    const namesake = resource('vpc', 'vpc-2', { tags: born });
    await expect(observe({ ...parts, resources: [home, machine, namesake] })).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
    });
  });

  test('is left out where none was made, where a person says so, and where its machines are gone', async () => {
    expect(await observe({ ledger: recorded.slice(0, 2) })).toMatchObject({
      is: 'left-out',
      because: expect.stringContaining('was ever made') as string,
    });
    const asked = await observe({ ledger: recorded, cluster: unreachable, config: configured({ awsOnly: true }) });
    expect(asked).toEqual({ is: 'left-out', because: 'left out by --aws-only' });
    const gone = await observe({ ledger: recorded, cluster: unreachable });
    expect(gone).toEqual({ is: 'left-out', because: 'no machine of the control plane is left' });
  });

  test('that has machines and does not answer is unreachable', async () => {
    const up = { node: 'k8s-master', state: 'running' } as never;
    const state = await observe({ ledger: recorded, cluster: unreachable, aws: { instances: async () => [up] } });
    expect(state).toEqual({ is: 'unreachable', because: 'no route' });
  });
});

describe('the step', () => {
  const spec = specOf(destroyInventory);
  const look = {
    resources: [home, machine, disk],
    ledger: recorded,
    cluster: liveCluster(['i-1'], [volume('Retain')]),
  };

  test('records what is proven ours with its facts, once', async () => {
    const { context, ledger } = teardownWorld(look);
    expect(await spec.check(context, {})).toMatchObject({
      state: 'needed',
      because: expect.stringContaining('1 thing of ours') as string,
    });
    const output: unknown = await spec.apply(context, {});
    expect(ledger.slice(recorded.length)).toEqual([
      {
        kind: 'volume',
        id: 'vol-1',
        name: 'PersistentVolumeClaim shop/data',
        unique: { created: '2026-01-01', reclaim: 'Retain' },
        step: 'destroy-inventory',
      },
    ]);
    expect(await spec.check(context, {})).toMatchObject({ state: 'satisfied', output });
  });

  test('what it recorded proves a volume, and that it is data, when the API is gone', async () => {
    const { context, ledger } = teardownWorld(look);
    await spec.apply(context, {});
    const after = teardownWorld({ resources: [home, disk], ledger, config: configured({ awsOnly: true }) });
    const { findings } = await takeInventory(after.context);
    expect(findings.find(({ resource: { id } }) => id === 'vol-1')).toMatchObject({
      class: 'data',
      because: expect.stringContaining('Retain') as string,
    });
  });

  test('records nothing of others', async () => {
    const foreign = resource('volume', 'vol-9', { tags: { ...csi, 'kubernetes.io/cluster/other': 'owned' } });
    const { context, ledger } = teardownWorld({ ...look, resources: [foreign] });
    await spec.apply(context, {});
    expect(ledger).toHaveLength(recorded.length);
  });

  test('does not run again for what is there already', async () => {
    const { context } = teardownWorld({ built: false });
    expect(await spec.check(context, {})).toMatchObject({
      state: 'satisfied',
      output: { clusterId: '', kubernetes: 'left-out' },
    });
  });
});

test.each([
  ['aws_eip', 'eipalloc-1', reference('address', 'eipalloc-1')],
  ['aws_route53_record', 'Z1__abc.example.dev_CNAME', reference('dns-record', 'Z1/CNAME/_abc.example.dev')],
  ['aws_route53_record', 'Z1_a_b.example.dev_TXT', reference('dns-record', 'Z1/TXT/a_b.example.dev')],
  ['aws_route53_record', 'Z1_x.example.dev_A_blue', reference('dns-record', 'Z1/A/x.example.dev')],
  ['aws_cloudfront_distribution', 'E1', reference('distribution', 'arn:aws:cloudfront::1:distribution/E1')],
  ['aws_iam_role', 'shop-node', reference('role', 'shop-node')],
  ['aws_route_table_association', 'rtbassoc-1', undefined],
])('%s %s of a state is %o in AWS', (type, id, expected) => {
  expect(referenceOf({ address: 'x', type, id, tainted: false }, '1')).toEqual(expected);
});
