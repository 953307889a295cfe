import type { CloudKind, CloudReference, StateResource } from '../../tools/ports.ts';

const kinds: Readonly<Record<string, CloudKind>> = {
  aws_instance: 'instance',
  aws_lb: 'load-balancer',
  aws_alb: 'load-balancer',
  aws_lb_target_group: 'target-group',
  aws_alb_target_group: 'target-group',
  aws_network_interface: 'network-interface',
  aws_ebs_volume: 'volume',
  aws_ebs_snapshot: 'snapshot',
  aws_eip: 'address',
  aws_security_group: 'security-group',
  aws_subnet: 'subnet',
  aws_route_table: 'route-table',
  aws_internet_gateway: 'internet-gateway',
  aws_vpc: 'vpc',
  aws_key_pair: 'key-pair',
  aws_iam_instance_profile: 'instance-profile',
  aws_iam_role: 'role',
  aws_iam_policy: 'policy',
  aws_acm_certificate: 'certificate',
  aws_route53_record: 'dns-record',
  aws_s3_bucket: 'bucket',
  aws_nat_gateway: 'nat-gateway',
  aws_vpc_endpoint: 'vpc-endpoint',
  aws_vpc_peering_connection: 'peering-connection',
  aws_vpn_gateway: 'vpn-gateway',
  aws_network_acl: 'network-acl',
  aws_autoscaling_group: 'auto-scaling-group',
  aws_elb: 'classic-load-balancer',
  aws_cloudfront_distribution: 'distribution',
};

/**
 * What a resource of a Terraform state is called in AWS; undefined for what is a part or a setting of something else. Ids as the provider keeps
 * them: an allocation, a name, an ARN, as in `CloudResource.id`, but for the two below.
 */
export function referenceOf({ type, id }: StateResource, account: string): CloudReference | undefined {
  const kind = kinds[type];
  if (kind === undefined || id === '') return undefined;
  if (kind === 'distribution') return { kind, id: `arn:aws:cloudfront::${account}:distribution/${id}` };
  if (kind !== 'dns-record') return { kind, id };
  // ZONE_NAME_TYPE, and _SET behind it where records share a name; names may begin with an underscore.
  const parts = /^([^_]+)_(.+?)_(A|AAAA|CNAME|TXT|MX|NS|SRV|CAA|SPF|PTR|SOA)(?:_.*)?$/.exec(id);
  if (parts === null) return undefined;
  const [, zone = '', name = '', recordType = ''] = parts;
  return { kind, id: `${zone}/${recordType}/${name.replace(/\.$/, '')}` };
}
