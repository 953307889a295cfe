import type { PlatformConfig } from '../../config/config.ts';
import type { TerraformSettleFacts } from '../../tools/ports.ts';

/** What AwsReader.owned tells about one resource. */
interface Owned {
  readonly type: string;
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly healthy: boolean;
}

/**
 * Where each resource that carries our tags belongs in our two roots. An apply that was cut leaves resources that AWS
 * has and the state has not (measured: instances made by RunInstances); applying again would make them a second time.
 */
export function settleFacts(
  config: PlatformConfig,
  clusterId: string,
  owned: readonly Owned[],
  root: 'foundation' | 'cluster',
): TerraformSettleFacts {
  const existing: Record<string, string> = {};
  const healthy: string[] = [];
  for (const resource of owned) {
    const place = addressOf(config, clusterId, resource);
    if (place === undefined || place.root !== root) continue;
    existing[place.address] = resource.id;
    if (resource.healthy) healthy.push(place.address);
  }
  return { existing, healthy };
}

function addressOf(
  config: PlatformConfig,
  clusterId: string,
  { type, tags }: Owned,
): { root: 'foundation' | 'cluster'; address: string } | undefined {
  const name = tags['Name'] ?? '';
  const suffix = name.startsWith(`${clusterId}-`) ? name.slice(clusterId.length + 1) : '';
  const cluster = (address: string) => ({ root: 'cluster', address }) as const;
  const foundation = (address: string) => ({ root: 'foundation', address }) as const;
  switch (type) {
    case 'aws_vpc':
      return cluster('aws_vpc.this');
    case 'aws_subnet':
      return cluster(`aws_subnet.public["${suffix.replace(/^public-/, '')}"]`);
    case 'aws_internet_gateway':
      return cluster('aws_internet_gateway.this');
    case 'aws_route_table':
      return cluster('aws_route_table.public');
    case 'aws_route':
      return cluster('aws_route.internet');
    case 'aws_route_table_association':
      return cluster(`aws_route_table_association.public["${suffix.replace(/^public-/, '')}"]`);
    case 'aws_security_group':
      return suffix === 'node' ? cluster('aws_security_group.node') : undefined;
    case 'aws_vpc_security_group_ingress_rule':
      return cluster(
        suffix === 'node-to-node'
          ? 'aws_vpc_security_group_ingress_rule.self'
          : `aws_vpc_security_group_ingress_rule.entrance["${tags['platform/entrance'] ?? ''}"]`,
      );
    case 'aws_vpc_security_group_egress_rule':
      return cluster('aws_vpc_security_group_egress_rule.internet');
    case 'aws_key_pair':
      return cluster('aws_key_pair.this');
    case 'aws_instance': {
      const node = tags['platform/node'];
      return node === undefined ? undefined : cluster(`aws_instance.node["${node}"]`);
    }
    case 'aws_iam_role':
      return cluster('aws_iam_role.node');
    case 'aws_iam_instance_profile':
      return cluster('aws_iam_instance_profile.node');
    case 'aws_eip':
      return foundation(`aws_eip.node["${suffix}"]`);
    case 'aws_s3_bucket':
      return suffix === 'data' ? foundation('aws_s3_bucket.this["data"]') : undefined;
    case 'aws_acm_certificate':
      return config.domain === undefined ? undefined : foundation(`aws_acm_certificate.this["${config.domain}"]`);
    default:
      return undefined;
  }
}
