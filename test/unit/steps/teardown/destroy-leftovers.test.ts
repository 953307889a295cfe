import { describe, expect, it } from 'vitest';
import { isPlatformError, type PlatformError } from '../../../../src/errors.ts';
import { destroyLeftovers } from '../../../../src/steps/teardown/destroy-leftovers.ts';
import { leftoversOf } from '../../../../src/steps/teardown/sweep-cluster.ts';
import { refuseForgotten, refuseLeftovers, refuseStrangers } from '../../../../src/steps/teardown/sweep-strangers.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { clusterId, destroyWorld, ours } from './destroy-world.ts';
import { awsError, findingOf, group, type Thing } from './sweep-world.ts';

const mine = ours(destroyWorld({ things: [] }).environment);
const vpc = { kind: 'vpc', id: 'vpc-1' } as const;
const arn = 'arn:aws:elasticloadbalancing:x:1:loadbalancer/app/k8s-web/9';
const marks = { 'elbv2.k8s.aws/cluster': clusterId, 'ingress.k8s.aws/stack': 'web' };

const platform: readonly Thing[] = [
  { ...vpc, tags: mine },
  { kind: 'subnet', id: 'subnet-1', tags: mine, vpc: 'vpc-1', holds: [vpc] },
  group('sg-node', ['sg-traffic'], { tags: mine }),
  group('sg-default', [], { name: 'default', diesWith: vpc, holds: [vpc] }),
];
const made: readonly Thing[] = [
  {
    kind: 'load-balancer',
    id: arn,
    name: 'k8s-web',
    tags: marks,
    vpc: 'vpc-1',
    holds: [
      { kind: 'security-group', id: 'sg-traffic' },
      { kind: 'subnet', id: 'subnet-1' },
    ],
    takes: 2000,
    leaves: { id: 'eni-lb', after: 30_000 },
  },
  {
    kind: 'network-interface',
    id: 'eni-lb',
    vpc: 'vpc-1',
    managedBy: 'amazon-elb',
    description: 'ELB app/k8s-web/9',
    holds: [
      { kind: 'subnet', id: 'subnet-1' },
      { kind: 'security-group', id: 'sg-traffic' },
    ],
  },
  { kind: 'target-group', id: 'arn:tg', tags: marks, vpc: 'vpc-1' },
  group('sg-traffic', [], { tags: marks, rules: [] }),
  { kind: 'volume', id: 'vol-1', tags: { 'kubernetes.io/cluster/demo-dev-ab1c2': 'owned' } },
];
const decoys: readonly Thing[] = [
  { kind: 'volume', id: 'vol-other', tags: { 'ebs.csi.aws.com/cluster': 'true' } },
  { kind: 'load-balancer', id: 'arn:other', tags: { ...marks, 'elbv2.k8s.aws/cluster': 'other' }, vpc: 'vpc-2' },
  {
    kind: 'target-group',
    id: 'arn:tg-shared',
    tags: { [`kubernetes.io/cluster/${clusterId}`]: 'shared' },
    vpc: 'vpc-2',
  },
];
const terraform = [
  { address: 'aws_vpc.main', type: 'aws_vpc', id: 'vpc-1', tainted: false },
  { address: 'aws_subnet.a', type: 'aws_subnet', id: 'subnet-1', tainted: false },
  { address: 'aws_security_group.node', type: 'aws_security_group', id: 'sg-node', tainted: false },
];
/** An interface of a load balancer is proven by the record of the balancer once that is gone. */
const ledger = [{ kind: 'load-balancer', id: arn, name: 'k8s-web', unique: {}, step: 'destroy-inventory' }];

async function refusal(promise: Promise<unknown>): Promise<PlatformError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (!isPlatformError(error)) throw error;
  return error;
}

describe('destroy-leftovers', () => {
  it('removes what controllers made, and leaves Terraform only what Terraform knows, and decoys', async () => {
    const world = destroyWorld({ things: [...platform, ...made, ...decoys], terraform, ledger });
    expect(await specOf(destroyLeftovers).check(world.context, {})).toMatchObject({ state: 'needed' });
    await world.clock.drive(specOf(destroyLeftovers).apply(world.context, {}));
    expect([...world.there.values()].map(({ id }) => id).sort()).toEqual([
      'arn:other',
      'arn:tg-shared',
      'sg-default',
      'sg-node',
      'subnet-1',
      'vol-other',
      'vpc-1',
    ]);
    expect(world.there.get('security-group sg-node')?.rules).toEqual([]);
    expect(await specOf(destroyLeftovers).check(world.context, {})).toMatchObject({ state: 'satisfied' });
  });

  it('uses few calls for what it removes', async () => {
    const many = Array.from({ length: 20 }, (_, index): Thing => ({ ...made[4], kind: 'volume', id: `vol-m${index}` }));
    const world = destroyWorld({ things: [...platform, ...made, ...many], terraform, ledger });
    await world.clock.drive(specOf(destroyLeftovers).apply(world.context, {}));
    expect(world.calls.length / (made.length + many.length)).toBeLessThan(5);
  });

  it('catalogue E1: names what is not ours and would make Terraform wait, before Terraform waits', async () => {
    const stranger: Thing = {
      kind: 'network-interface',
      id: 'eni-hand',
      vpc: 'vpc-1',
      description: 'made by hand',
      holds: [{ kind: 'subnet', id: 'subnet-1' }],
    };
    const gateway: Thing = {
      kind: 'nat-gateway',
      id: 'nat-1',
      vpc: 'vpc-1',
      holds: [{ kind: 'network-interface', id: 'eni-hand' }],
    };
    const world = destroyWorld({ things: [...platform, ...made, stranger, gateway], terraform, ledger });
    const error = await refusal(world.clock.drive(specOf(destroyLeftovers).apply(world.context, {})));
    expect(error.code).toBe('LEFTOVERS');
    expect(error.message).toContain('network interface eni-hand: eni-hand <- nat-1');
    expect(error.facts['foreign']).toBe('nat-1');
    expect(world.there.has(`load-balancer ${arn}`)).toBe(false);
    expect(world.calls.filter((call) => call.includes('remove') && /eni-hand|nat-1/.test(call))).toEqual([]);
  });

  it('where it ends the teardown, what is ours beside that and was not begun is named too', async () => {
    const stranger: Thing = { kind: 'nat-gateway', id: 'nat-1', vpc: 'vpc-1', holds: [vpc] };
    const address: Thing = { kind: 'address', id: 'eipalloc-lost', tags: mine };
    const theirs: Thing = { kind: 'address', id: 'eipalloc-theirs', tags: { 'platform/cluster': 'other' } };
    const things = [...platform, ...made, stranger, address, theirs];
    const world = destroyWorld({ things, terraform, ledger });
    const error = await refusal(world.clock.drive(specOf(destroyLeftovers).apply(world.context, {})));
    expect(error.code).toBe('LEFTOVERS');
    expect(error.message).not.toContain('eipalloc');
    expect(error.next.at(-1)).toBe(
      'ours too, in no Terraform state, and removed once that is solved: address eipalloc-lost',
    );
    expect(error.facts).toMatchObject({ foreign: 'nat-1', later: 'address eipalloc-lost' });
    // So it is when a later run finds it standing there at once.
    const again = await refusal(Promise.resolve(specOf(destroyLeftovers).check(world.context, {})));
    expect(again.facts).toMatchObject({ later: 'address eipalloc-lost' });
  });

  it('catalogue B13: takes what a cut apply made in the network and wrote into no state, off our own subnets too', async () => {
    const orphans: Thing[] = [
      {
        kind: 'subnet',
        id: 'subnet-new',
        tags: mine,
        vpc: 'vpc-1',
        holds: [vpc, { kind: 'route-table', id: 'rtb-new' }],
      },
      { kind: 'internet-gateway', id: 'igw-new', tags: mine, vpc: 'vpc-1', holds: [vpc] },
      { kind: 'route-table', id: 'rtb-new', tags: mine, vpc: 'vpc-1', holds: [vpc] },
    ];
    const world = destroyWorld({ things: [...platform.slice(0, 2), ...orphans], terraform });
    await world.clock.drive(specOf(destroyLeftovers).apply(world.context, {}));
    expect([...world.there.keys()]).toEqual(['vpc vpc-1', 'subnet subnet-1']);
  });

  it("leaves to Terraform what only Terraform's things hold, so that the next run finds it free", async () => {
    const things: Thing[] = [
      ...platform.slice(0, 2),
      {
        kind: 'load-balancer',
        id: 'arn:lb',
        tags: marks,
        vpc: 'vpc-1',
        holds: [{ kind: 'security-group', id: 'sg-new' }],
      },
      group('sg-new', [], { tags: mine, rules: [] }),
    ];
    const state = [...terraform, { address: 'aws_lb.own', type: 'aws_lb', id: 'arn:lb', tainted: false }];
    const world = destroyWorld({ things, terraform: state });
    expect(await world.clock.drive(specOf(destroyLeftovers).apply(world.context, {}))).toEqual({ removed: 0 });
    expect(world.there.has('security-group sg-new')).toBe(true);
    const stranger: Thing = { kind: 'nat-gateway', id: 'nat-1', vpc: 'vpc-1' };
    const blocked = destroyWorld({ things: [...things, stranger], terraform: state });
    const error = await refusal(blocked.clock.drive(specOf(destroyLeftovers).apply(blocked.context, {})));
    expect(error.message).toContain('nat-1');
  });

  it('asks again where a look is throttled or fails for a moment', async () => {
    const world = destroyWorld({ things: [...platform, ...made], terraform, ledger });
    let calls = 0;
    world.hooks.before = (call) => {
      calls += 1;
      if (call === 'list' && calls % 9 === 0) throw awsError('InternalError', 'ec2:Describe', 'transient');
      if (call === 'list' && calls % 11 === 0) throw awsError('RequestLimitExceeded', 'ec2:Describe', 'throttled');
    };
    await world.clock.drive(specOf(destroyLeftovers).apply(world.context, {}));
    expect(await world.clock.drive(specOf(destroyLeftovers).check(world.context, {}))).toMatchObject({
      state: 'satisfied',
    });
  });

  it('does nothing where nothing was ever built', async () => {
    const world = destroyWorld({ things: made, built: false });
    expect(await specOf(destroyLeftovers).check(world.context, {})).toMatchObject({ state: 'satisfied' });
    expect(await specOf(destroyLeftovers).apply(world.context, {})).toEqual({ removed: 0 });
    expect(world.calls).toEqual([]);
  });
});

describe('without --cleanup', () => {
  const state = { root: 'cluster', address: 'aws_vpc.main' } as const;
  const network = findingOf({ ...vpc, terraform: state });

  it('is refused while anything that Terraform does not know would block it, naming the way', async () => {
    const balancer = findingOf({ kind: 'load-balancer', id: arn, name: 'k8s-web', vpc: 'vpc-1' });
    const error = await refusal(Promise.resolve().then(() => refuseLeftovers({ findings: [network, balancer] })));
    expect(error.code).toBe('LEFTOVERS');
    expect(error.message).toContain('k8s-web');
    expect(error.next[0]).toContain('platform destroy --cleanup');
  });

  it('passes what stands in no way: other networks, volumes, the default group', () => {
    const elsewhere = findingOf({ kind: 'load-balancer', id: 'arn:other', vpc: 'vpc-2', class: 'foreign' });
    const volume = findingOf({ kind: 'volume', id: 'vol' });
    const fallback = findingOf(group('sg-default', [], { name: 'default', diesWith: vpc, class: 'foreign' }));
    expect(() => refuseLeftovers({ findings: [network, elsewhere, volume, fallback] })).not.toThrow();
  });
});

describe('what a user’s own tree made and its state does not have', () => {
  const state = { terraform: { root: 'cluster', address: 'aws_subnet.a' } } as const;
  const subnet = findingOf({ kind: 'subnet', id: 'subnet-1', vpc: 'vpc-1', ...state });
  const machine = { kind: 'instance', id: 'i-1', vpc: 'vpc-1', holds: [{ kind: 'subnet', id: 'subnet-1' }] } as const;
  const swept = ['volume', 'load-balancer'] as const;

  it('is named before Terraform would wait for it, with both ways on', async () => {
    const error = await refusal((async () => refuseForgotten([subnet, findingOf(machine)], swept))());
    expect(error).toMatchObject({ code: 'LEFTOVERS', message: expect.stringContaining('i-1') });
    expect(error.next.join(' ')).toMatch(/terraform import .* by hand/);
  });

  it.each([
    ['is in the state', findingOf({ ...machine, terraform: { root: 'cluster', address: 'aws_instance.a' } })],
    ['holds nothing that goes', findingOf({ ...machine, holds: [] })],
    ['is ending', findingOf({ ...machine, phase: 'gone' })],
    ['the sweep takes', findingOf({ ...machine, kind: 'volume' })],
  ])('what %s is no reason', (_, other) => {
    expect(() => refuseForgotten([subnet, other], swept)).not.toThrow();
  });
});

describe('a certificate of a user’s own tree that a distribution has', () => {
  const example = exampleConfig();
  const config = { ...example, terraform: { ...example.terraform, dir: '/project/tree' } };
  const certificate = findingOf({
    kind: 'certificate',
    id: 'arn:c',
    terraform: { root: 'cluster', address: 'aws_acm_certificate.a' },
  });
  const distribution = findingOf({
    kind: 'distribution',
    id: 'arn:aws:cloudfront::1:distribution/E1',
    class: 'unknown',
    holds: [certificate.resource],
  });

  it('is looked at and named before Terraform, which would ask for it for minutes (catalogue E10)', async () => {
    expect(leftoversOf(config).alongside).toEqual(expect.arrayContaining(['certificate', 'distribution']));
    const error = await refusal((async () => refuseStrangers([certificate, distribution]))());
    expect(error).toMatchObject({ code: 'LEFTOVERS', message: expect.stringContaining('E1') });
  });
});
