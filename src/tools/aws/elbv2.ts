import type { LoadBalancer, TargetGroupHealth } from '../ports-aws.ts';
import { isAbsent } from './errors.ts';
import { collect, tagRecord } from './session.ts';
import type { Session } from './session.ts';

export interface LoadBalancing {
  loadBalancer(hostname: string): Promise<LoadBalancer | undefined>;
  targetHealth(loadBalancer: string): Promise<readonly TargetGroupHealth[]>;
}

export async function openLoadBalancing(session: Session): Promise<LoadBalancing> {
  const sdk = await import('@aws-sdk/client-elastic-load-balancing-v2');
  const client = new sdk.ElasticLoadBalancingV2Client(session.settings);
  const send = session.service('elasticloadbalancing');

  const healthOf = async (group: { readonly arn: string; readonly name: string }): Promise<TargetGroupHealth> => {
    const found = await send(
      'DescribeTargetHealth',
      (options) => client.send(new sdk.DescribeTargetHealthCommand({ TargetGroupArn: group.arn }), options),
      group.name,
    );
    const targets = found.TargetHealthDescriptions ?? [];
    const bad = targets.filter((target) => target.TargetHealth?.State !== 'healthy');
    return {
      group: group.name,
      healthy: targets.length - bad.length,
      unhealthy: bad.map(({ Target, TargetHealth }) => ({
        target: Target?.Id ?? '',
        reason: [TargetHealth?.State, TargetHealth?.Reason, TargetHealth?.Description]
          .filter((part) => part !== undefined && part !== '')
          .join(': '),
      })),
    };
  };

  return {
    async loadBalancer(hostname) {
      const all = await collect(async (Marker) => {
        const page = await send(
          'DescribeLoadBalancers',
          (options) => client.send(new sdk.DescribeLoadBalancersCommand({ Marker }), options),
          hostname,
        );
        return { items: page.LoadBalancers, next: page.NextMarker };
      });
      const found = all.find((candidate) => candidate.DNSName?.toLowerCase() === hostname.toLowerCase());
      if (found?.LoadBalancerArn === undefined) return undefined;
      const arn = found.LoadBalancerArn;
      const tags = await send(
        'DescribeTags',
        (options) => client.send(new sdk.DescribeTagsCommand({ ResourceArns: [arn] }), options),
        hostname,
      );
      return {
        arn,
        name: found.LoadBalancerName ?? '',
        hostname: found.DNSName ?? hostname,
        zone: found.CanonicalHostedZoneId ?? '',
        state: found.State?.Code ?? '',
        tags: tagRecord(tags.TagDescriptions?.[0]?.Tags),
      };
    },

    async targetHealth(loadBalancer) {
      try {
        const groups = await collect(async (Marker) => {
          const page = await send(
            'DescribeTargetGroups',
            (options) =>
              client.send(new sdk.DescribeTargetGroupsCommand({ LoadBalancerArn: loadBalancer, Marker }), options),
            loadBalancer,
          );
          return { items: page.TargetGroups, next: page.NextMarker };
        });
        return await Promise.all(
          groups.map((group) => healthOf({ arn: group.TargetGroupArn ?? '', name: group.TargetGroupName ?? '' })),
        );
      } catch (error) {
        // It went away in between.
        if (
          isAbsent(
            error,
            'LoadBalancerNotFound',
            'LoadBalancerNotFoundException',
            'TargetGroupNotFound',
            'TargetGroupNotFoundException',
          )
        )
          return [];
        throw error;
      }
    },
  };
}
