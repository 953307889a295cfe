import { AwsRefusal, refusedAs, tagList } from '../shared/aws.ts';
import type { Tools } from '../shared/controller.ts';
import { listOf, textOf } from '../shared/fields.ts';
import type { Settings, Stack } from './stack.ts';

/** A resource of load balancing with its tags. */
export interface Tagged {
  readonly arn: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The marks of the controller (pkg/deploy/tracking/provider.go), and the tags that it was told to give to everything. */
export const tagsOf = (settings: Settings, stack: Pick<Stack, 'family' | 'id' | 'tags'>, resource: string) => ({
  ...settings.tags,
  ...stack.tags,
  'elbv2.k8s.aws/cluster': settings.cluster,
  [`${stack.family}/stack`]: stack.id,
  [`${stack.family}/resource`]: resource,
});

export const isOfStack = (settings: Settings, stack: Pick<Stack, 'family' | 'id'>, { tags }: Tagged): boolean =>
  tags['elbv2.k8s.aws/cluster'] === settings.cluster && tags[`${stack.family}/stack`] === stack.id;

/** Everything of the cluster: its load balancers and target groups. */
export async function inventory(tools: Tools, settings: Settings) {
  const [balancers, groups] = await Promise.all([
    described(tools, 'DescribeLoadBalancers', 'LoadBalancers', 'LoadBalancer'),
    described(tools, 'DescribeTargetGroups', 'TargetGroups', 'TargetGroup'),
  ]);
  const own = ({ tags }: Tagged): boolean => tags['elbv2.k8s.aws/cluster'] === settings.cluster;
  return { balancers: balancers.filter(own), groups: groups.filter(own) };
}

async function described({ aws }: Tools, action: string, list: string, prefix: string): Promise<readonly Tagged[]> {
  const all: { readonly arn: string; readonly name: string }[] = [];
  let Marker: string | undefined;
  do {
    const page = await aws.elbv2(action, { Marker });
    for (const one of listOf(page, list))
      all.push({ arn: textOf(one, `${prefix}Arn`) ?? '', name: textOf(one, `${prefix}Name`) ?? '' });
    Marker = textOf(page, 'NextMarker') || undefined;
  } while (Marker !== undefined);
  const tags = new Map<string, Readonly<Record<string, string>>>();
  // The API takes twenty at a time.
  for (let start = 0; start < all.length; start += 20) {
    const ResourceArns = all.slice(start, start + 20).map(({ arn }) => arn);
    for (const one of listOf(await aws.elbv2('DescribeTags', { ResourceArns }), 'TagDescriptions'))
      tags.set(
        textOf(one, 'ResourceArn') ?? '',
        Object.fromEntries(listOf(one, 'Tags').map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''])),
      );
  }
  return all.map((one) => ({ ...one, tags: tags.get(one.arn) ?? {} }));
}

/** The load balancer of a stack: found by name, or made; its groups and attributes as wanted. */
export async function ensureBalancer(
  tools: Tools,
  settings: Settings,
  stack: Stack,
  securityGroups: readonly string[],
): Promise<{ readonly arn: string; readonly hostname: string }> {
  const { aws, note } = tools;
  const { name, type, scheme, attributes } = stack.balancer;
  const found = await aws.elbv2('DescribeLoadBalancers', { Names: [name] }).catch((error: unknown) => {
    if (refusedAs(error, /^LoadBalancerNotFound/)) return '';
    throw error;
  });
  let live = listOf(found, 'LoadBalancers')[0];
  if (live === undefined) {
    const made = await aws.elbv2('CreateLoadBalancer', {
      Name: name,
      Type: type,
      Scheme: scheme,
      IpAddressType: 'ipv4',
      Subnets: stack.balancer.subnets ?? (await subnets(tools, settings, scheme)),
      SecurityGroups: securityGroups,
      Tags: tagList(tagsOf(settings, stack, 'LoadBalancer')),
    });
    live = listOf(made, 'LoadBalancers')[0];
    note(`made load balancer ${name}`);
  } else {
    const present = listOf(live, 'SecurityGroups').map(String);
    if (securityGroups.some((group) => !present.includes(group)) || present.length !== securityGroups.length)
      await aws.elbv2('SetSecurityGroups', {
        LoadBalancerArn: textOf(live, 'LoadBalancerArn'),
        SecurityGroups: securityGroups,
      });
  }
  const arn = textOf(live, 'LoadBalancerArn') ?? '';
  if (Object.keys(attributes).length > 0)
    await aws.elbv2('ModifyLoadBalancerAttributes', { LoadBalancerArn: arn, Attributes: tagList(attributes) });
  return { arn, hostname: textOf(live, 'DNSName') ?? '' };
}

/** Subnets by their role tag, one a zone; a load balancer for applications needs two (pkg/networking/subnet_resolver.go). */
async function subnets({ aws }: Tools, settings: Settings, scheme: string): Promise<readonly string[]> {
  const role = scheme === 'internal' ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb';
  const Filter = [
    { Name: 'vpc-id', Value: [settings.vpc] },
    { Name: 'tag-key', Value: [role] },
  ];
  const perZone = new Map<string, string>();
  for (const subnet of listOf(await aws.ec2('DescribeSubnets', { Filter }), 'subnetSet')) {
    const zone = textOf(subnet, 'availabilityZone') ?? '';
    const id = textOf(subnet, 'subnetId') ?? '';
    if (!perZone.has(zone) || id < (perZone.get(zone) ?? '')) perZone.set(zone, id);
  }
  if (perZone.size === 0)
    throw new Error(
      "couldn't auto-discover subnets: unable to resolve at least one subnet (0 match VPC and tags: [" + role + '])',
    );
  if (perZone.size < 2)
    throw new Error("couldn't auto-discover subnets: subnets count less than minimal required count: 1 < 2");
  return [...perZone.values()];
}

/** Deletes a load balancer with its listeners; deletion protection refuses it (OperationNotPermitted). */
export async function removeBalancer({ aws, note }: Tools, { arn, name }: Tagged): Promise<void> {
  await aws.elbv2('DeleteLoadBalancer', { LoadBalancerArn: arn });
  note(`removed load balancer ${name}`);
}

/** Deletes a target group; one that is still in a listener is refused (ResourceInUse). */
export async function removeTargetGroup({ aws, note }: Tools, { arn, name }: Tagged): Promise<void> {
  try {
    await aws.elbv2('DeleteTargetGroup', { TargetGroupArn: arn });
    note(`removed target group ${name}`);
  } catch (error) {
    if (!(error instanceof AwsRefusal && error.name.startsWith('TargetGroupNotFound'))) throw error;
  }
}
