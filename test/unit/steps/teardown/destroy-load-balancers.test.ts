import { describe, expect, it } from 'vitest';
import { destroyLoadBalancers } from '../../../../src/steps/teardown/destroy-load-balancers.ts';
import { teardown } from '../../../../src/steps/teardown/index.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { clusterId, destroyWorld, ours } from './destroy-world.ts';
import type { Thing } from './sweep-world.ts';

const mine = ours(destroyWorld({ things: [] }).environment);
const arn = 'arn:aws:elasticloadbalancing:x:1:loadbalancer/app/k8s-web/9';
const marks = { 'elbv2.k8s.aws/cluster': clusterId, 'ingress.k8s.aws/stack': 'web' };
const things: readonly Thing[] = [
  { kind: 'vpc', id: 'vpc-1', tags: mine },
  {
    kind: 'load-balancer',
    id: arn,
    name: 'k8s-web',
    tags: marks,
    vpc: 'vpc-1',
    takes: 2000,
    leaves: { id: 'eni-lb', after: 60_000 },
  },
  { kind: 'network-interface', id: 'eni-lb', vpc: 'vpc-1', managedBy: 'amazon-elb', description: 'ELB app/k8s-web/9' },
  { kind: 'target-group', id: 'arn:tg', tags: marks, vpc: 'vpc-1' },
  { kind: 'volume', id: 'vol', tags: mine },
  { kind: 'load-balancer', id: 'arn:other', tags: { ...marks, 'elbv2.k8s.aws/cluster': 'other' }, vpc: 'vpc-2' },
];
const terraform = [{ address: 'aws_vpc.main', type: 'aws_vpc', id: 'vpc-1', tainted: false }];

describe('destroy-load-balancers', () => {
  it('removes load balancers and target groups of ours, and does not wait for what outlives them', async () => {
    const world = destroyWorld({ things, terraform });
    expect(await specOf(destroyLoadBalancers).check(world.context, {})).toMatchObject({ state: 'needed' });
    expect(await world.clock.drive(specOf(destroyLoadBalancers).apply(world.context, {}))).toEqual({ removed: 2 });
    expect(world.clock.monotonic()).toBeLessThan(20_000);
    expect([...world.there.keys()]).toEqual([
      'vpc vpc-1',
      'network-interface eni-lb',
      'volume vol',
      'load-balancer arn:other',
    ]);
    expect(await specOf(destroyLoadBalancers).check(world.context, {})).toMatchObject({ state: 'satisfied' });
  });

  it('acts on a fresh listing, also where its check looked a moment ago', async () => {
    const world = destroyWorld({ things, terraform });
    await specOf(destroyLoadBalancers).check(world.context, {});
    const looked = world.calls.length;
    await world.clock.drive(specOf(destroyLoadBalancers).apply(world.context, {}));
    const first = world.calls.findIndex((call) => call.startsWith('remove'));
    expect(world.calls.slice(looked, first)).toEqual(
      expect.arrayContaining(['list load-balancer', 'list target-group']),
    );
  });

  it('stands between the machines, whose controllers would make them again, and what needs them gone', () => {
    const needsOf = (id: string) =>
      Object.values(teardown.find((step) => step.id === id)?.needs ?? {}).map((need) => need.id);
    expect(needsOf('destroy-load-balancers')).toEqual(['destroy-machines']);
    expect(needsOf('destroy-terraform-foundation')).toContain('destroy-load-balancers');
    expect(needsOf('destroy-terraform-foundation')).not.toContain('destroy-leftovers');
    expect(needsOf('destroy-terraform-cluster')).toContain('destroy-leftovers');
  });
});
