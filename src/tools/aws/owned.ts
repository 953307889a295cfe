import type { AwsReader } from '../ports-aws.ts';
import type { Acm } from './acm.ts';
import type { Ec2, KnownInstance, OwnedNetwork } from './ec2.ts';
import type { Iam } from './iam.ts';
import type { S3 } from './s3.ts';
import { tagRecord } from './session.ts';

type Owned = Awaited<ReturnType<AwsReader['owned']>>[number];

/** The tag that everything of a cluster carries from its birth. */
export const ownershipTag = 'platform/cluster';

/**
 * What exists of a cluster, under the ids that `terraform import` takes, for the kinds of the two roots whose creation
 * fails when they exist already. Not listed: what Terraform creates by a PUT that may be repeated (bucket settings,
 * role policies, attachments, the validation record).
 */
export async function listOwned(
  clusterId: string,
  services: { ec2: Ec2; iam: Iam; s3: S3; acm: Acm },
): Promise<readonly Owned[]> {
  const tags = { [ownershipTag]: clusterId };
  const [instances, network, roles, profiles, buckets, certificates] = await Promise.all([
    services.ec2.instances(tags),
    services.ec2.network(tags),
    services.iam.rolesWith(`${clusterId}-`),
    services.iam.instanceProfilesWith(`${clusterId}-`),
    ownedBuckets(services.s3, clusterId),
    services.acm.certificates(),
  ]);
  const isOurs = (thing: { readonly tags: Readonly<Record<string, string>> }): boolean =>
    thing.tags[ownershipTag] === clusterId;
  return [
    ...instances.filter(isKept).map((instance) => ({
      type: 'aws_instance',
      id: instance.id,
      tags: instance.tags,
      healthy: instance.state === 'running',
    })),
    ...networkParts(network),
    ...roles.filter(isOurs).map((role) => ({ type: 'aws_iam_role', id: role.name, tags: role.tags, healthy: true })),
    ...profiles
      .filter(isOurs)
      .map((profile) => ({ type: 'aws_iam_instance_profile', id: profile.name, tags: profile.tags, healthy: true })),
    ...buckets,
    ...certificates.filter(isOurs).map(({ arn, status, tags: known }) => ({
      type: 'aws_acm_certificate',
      id: arn,
      tags: known,
      healthy: status === 'ISSUED' || status === 'PENDING_VALIDATION',
    })),
  ];
}

function isKept(instance: KnownInstance): boolean {
  return instance.state !== 'shutting-down' && instance.state !== 'terminated';
}

async function ownedBuckets(s3: S3, clusterId: string): Promise<readonly Owned[]> {
  const names = await s3.bucketsWith(`${clusterId}-`);
  const states = await Promise.all(names.map(async (name) => ({ name, state: await s3.bucket(name) })));
  return states
    .filter(({ state }) => state.tags[ownershipTag] === clusterId)
    .map(({ name, state }) => ({ type: 'aws_s3_bucket', id: name, tags: state.tags, healthy: true }));
}

/** Ids as the provider's import takes them: a route is `TABLE_CIDR`, an association `SUBNET/TABLE`, a key pair its name. */
export function networkParts(network: OwnedNetwork): readonly Owned[] {
  const subnetTags = new Map(network.subnets.map((subnet) => [subnet.SubnetId, tagRecord(subnet.Tags)]));
  return [
    ...network.vpcs.map((vpc) => ({
      type: 'aws_vpc',
      id: vpc.VpcId ?? '',
      tags: tagRecord(vpc.Tags),
      healthy: vpc.State === 'available',
    })),
    ...network.subnets.map((subnet) => ({
      type: 'aws_subnet',
      id: subnet.SubnetId ?? '',
      tags: tagRecord(subnet.Tags),
      healthy: subnet.State === 'available',
    })),
    ...network.gateways.map((gateway) => ({
      type: 'aws_internet_gateway',
      id: gateway.InternetGatewayId ?? '',
      tags: tagRecord(gateway.Tags),
      healthy: (gateway.Attachments ?? []).length > 0,
    })),
    ...network.routeTables.flatMap((table) => {
      const id = table.RouteTableId ?? '';
      const tags = tagRecord(table.Tags);
      const routes = (table.Routes ?? []).filter(
        (route) => route.Origin === 'CreateRoute' && route.DestinationCidrBlock !== undefined,
      );
      const associations = (table.Associations ?? []).filter(
        (association) => association.SubnetId !== undefined && association.SubnetId !== '',
      );
      return [
        { type: 'aws_route_table', id, tags, healthy: true },
        // Neither can carry tags: they are told apart by those of what they join.
        ...routes.map((route) => ({
          type: 'aws_route',
          id: `${id}_${route.DestinationCidrBlock}`,
          tags,
          healthy: route.State === 'active',
        })),
        ...associations.map((association) => ({
          type: 'aws_route_table_association',
          id: `${association.SubnetId}/${id}`,
          tags: subnetTags.get(association.SubnetId) ?? {},
          healthy: true,
        })),
      ];
    }),
    ...network.groups.map((group) => ({
      type: 'aws_security_group',
      id: group.GroupId ?? '',
      tags: tagRecord(group.Tags),
      healthy: true,
    })),
    ...network.rules.map((rule) => ({
      type: rule.IsEgress === true ? 'aws_vpc_security_group_egress_rule' : 'aws_vpc_security_group_ingress_rule',
      id: rule.SecurityGroupRuleId ?? '',
      tags: tagRecord(rule.Tags),
      healthy: true,
    })),
    ...network.addresses.map((address) => ({
      type: 'aws_eip',
      id: address.AllocationId ?? '',
      tags: tagRecord(address.Tags),
      healthy: true,
    })),
    ...network.keyPairs.map((pair) => ({
      type: 'aws_key_pair',
      id: pair.KeyName ?? '',
      tags: tagRecord(pair.Tags),
      healthy: true,
    })),
  ];
}
