import {
  DeleteSecurityGroupCommand,
  DeleteTagsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { credentials, type Resource, wireDelay, wireRegion } from './wire-aws.ts';
import { takeStock } from './wire-stock.ts';
import { keyOf } from './wire-truth.ts';
import type { WireWorld } from './wire-world.ts';

/**
 * Does what an ending other than 0 advises, as people would: owners take away what stands in our network, and marks that are not true are taken off. After
 * that the same command must end well. undefined: nobody else has a part in it.
 */
export async function followAdvice(world: WireWorld): Promise<WireWorld | undefined> {
  const { account, standing, truths, blockers, isUndecided, born } = world;
  if (blockers.length === 0 && !isUndecided) return undefined;
  const options = { endpoint: account.endpoint, region: wireRegion, credentials };
  const ec2 = new EC2Client(options);
  const balancing = new ElasticLoadBalancingV2Client(options);
  const pass = () => account.ask('clock', { advance: 10 * wireDelay });
  const resources = await account.resources();
  const theirs = (kind: string): readonly Resource[] =>
    resources.filter(
      (one) => one.kind === kind && one['vpc'] === standing.vpc && truths.get(keyOf(one)) === 'foreign' && !one.default,
    );
  for (const { id } of theirs('instance')) await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  for (const { id } of theirs('load-balancer'))
    await balancing.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: id }));
  await pass();
  for (const { id } of theirs('target-group'))
    await balancing.send(new DeleteTargetGroupCommand({ TargetGroupArn: id }));
  for (const { id } of theirs('security-group')) await ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }));
  for (const one of blockers.filter((blocker) => truths.get(keyOf(blocker)) === 'contested')) {
    await ec2.send(new DeleteTagsCommand({ Resources: [one.id], Tags: [{ Key: 'kubernetes.io/cluster/other' }] }));
    born.set(keyOf(one), 'ours');
  }
  if (isUndecided) {
    const twin = resources.filter(
      ({ kind, id, tags }) => kind === 'vpc' && id !== standing.vpc && tags['platform/cluster'] === standing.clusterId,
    );
    const Tags = [{ Key: 'platform/cluster' }];
    await ec2.send(new DeleteTagsCommand({ Resources: twin.map(({ id }) => id), Tags }));
  }
  const base = { ...world, twinLost: isUndecided };
  return { ...base, ...(await takeStock(base)), kill: undefined };
}
