import { fieldOf, listOf, textOf } from '../shared/fields.ts';
import { refusedAs, tagList } from '../shared/aws.ts';
import type { Tools } from '../shared/controller.ts';
import type { Xml } from '../shared/xml.ts';
import { backendGroupName } from './names.ts';
import type { Settings, Stack } from './stack.ts';

/** Marks every rule that the controller puts into somebody else's group (pkg/targetgroupbinding/networking_manager.go). */
const sharedRule = 'elbv2.k8s.aws/targetGroupBinding=shared';
const backendDescription = '[k8s] Shared Backend SecurityGroup for LoadBalancer';

async function findGroup(
  { aws }: Tools,
  settings: Settings,
  tags: Readonly<Record<string, string>>,
): Promise<Xml | undefined> {
  const Filter = [
    { Name: 'vpc-id', Value: [settings.vpc] },
    ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Value: [value] })),
  ];
  return listOf(await aws.ec2('DescribeSecurityGroups', { Filter }), 'securityGroupInfo')[0] as Xml | undefined;
}

async function makeGroup(
  { aws, note }: Tools,
  settings: Settings,
  group: { readonly name: string; readonly description: string; readonly tags: Readonly<Record<string, string>> },
): Promise<string> {
  const made = await aws.ec2('CreateSecurityGroup', {
    GroupName: group.name,
    GroupDescription: group.description,
    VpcId: settings.vpc,
    TagSpecification: [{ ResourceType: 'security-group', Tag: [...tagList({ ...settings.tags, ...group.tags })] }],
  });
  note(`made security group ${group.name}`);
  return textOf(made, 'groupId') ?? '';
}

const backendTags = ({ cluster }: Settings) => ({
  'elbv2.k8s.aws/cluster': cluster,
  'elbv2.k8s.aws/resource': 'backend-sg',
});

/** The group that all load balancers of the cluster share, and that the nodes let in; made when it is missing. */
export async function ensureBackendGroup(tools: Tools, settings: Settings): Promise<string> {
  const found = await findGroup(tools, settings, backendTags(settings));
  if (found !== undefined) return textOf(found, 'groupId') ?? '';
  return makeGroup(tools, settings, {
    name: backendGroupName(settings.cluster),
    description: backendDescription,
    tags: backendTags(settings),
  });
}

/** Removes the shared group when it is there; still in use is an error, tried again in the next round. */
export async function releaseBackendGroup(tools: Tools, settings: Settings): Promise<void> {
  const found = textOf(await findGroup(tools, settings, backendTags(settings)), 'groupId');
  if (found !== undefined) await deleteGroup(tools, found);
}

async function deleteGroup({ aws, note }: Tools, id: string): Promise<void> {
  try {
    await aws.ec2('DeleteSecurityGroup', { GroupId: id });
    note(`removed security group ${id}`);
  } catch (error) {
    if (!refusedAs(error, /^InvalidGroup\.NotFound$/)) throw error;
  }
}

const entranceTags = (settings: Settings, { family, id }: Pick<Stack, 'family' | 'id'>) => ({
  'elbv2.k8s.aws/cluster': settings.cluster,
  [`${family}/stack`]: id,
  [`${family}/resource`]: 'ManagedLBSecurityGroup',
});

/** The group of one load balancer: its listeners' ports are open to whom the stack names, and to nobody else. */
export async function ensureEntrance(tools: Tools, settings: Settings, stack: Stack): Promise<string> {
  const tags = entranceTags(settings, stack);
  const found = await findGroup(tools, settings, tags);
  const id =
    textOf(found, 'groupId') ??
    (await makeGroup(tools, settings, {
      name: stack.entrance.name,
      description: '[k8s] Managed SecurityGroup for LoadBalancer',
      tags: { ...stack.tags, ...tags },
    }));
  const wanted = stack.entrance.ports.flatMap((port) => stack.entrance.cidrs.map((cidr) => `${port} ${cidr}`));
  const present = listOf(found, 'ipPermissions').flatMap((rule) =>
    listOf(rule, 'ipRanges').map((range) => `${textOf(rule, 'fromPort')} ${textOf(range, 'cidrIp')}`),
  );
  await changeRules(
    tools,
    'RevokeSecurityGroupIngress',
    id,
    present.filter((rule) => !wanted.includes(rule)),
  );
  await changeRules(
    tools,
    'AuthorizeSecurityGroupIngress',
    id,
    wanted.filter((rule) => !present.includes(rule)),
  );
  return id;
}

async function changeRules({ aws }: Tools, action: string, group: string, rules: readonly string[]): Promise<void> {
  if (rules.length === 0) return;
  const IpPermissions = rules.map((rule) => {
    const [port = '', cidr = ''] = rule.split(' ');
    return { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: cidr }] };
  });
  await aws.ec2(action, { GroupId: group, IpPermissions });
}

export async function removeEntrance(
  tools: Tools,
  settings: Settings,
  stack: Pick<Stack, 'family' | 'id'>,
): Promise<void> {
  const id = textOf(await findGroup(tools, settings, entranceTags(settings, stack)), 'groupId');
  if (id !== undefined) await deleteGroup(tools, id);
}

/**
 * Lets the shared group reach the node ports, in the group of each node: one rule from the lowest to the highest port. Without ports
 * the rules of before are taken out. A node with several groups needs exactly one with the tag kubernetes.io/cluster/NAME.
 */
export async function openNodes(
  tools: Tools,
  settings: Settings,
  wanted: { readonly backend: string; readonly ports: readonly number[]; readonly instances: readonly string[] },
): Promise<void> {
  const { aws } = tools;
  const { backend, ports } = wanted;
  const entries = await nodeGroups(tools, settings, wanted.instances);
  const all = listOf(
    await aws.ec2('DescribeSecurityGroups', { Filter: [{ Name: 'vpc-id', Value: [settings.vpc] }] }),
    'securityGroupInfo',
  );
  // Also those of nodes that are gone, where a rule of ours is left.
  const nodes = all.filter(
    (group) => entries.has(textOf(group, 'groupId') ?? '') || JSON.stringify(group).includes(sharedRule),
  );
  const range = ports.length === 0 ? undefined : `${Math.min(...ports)}-${Math.max(...ports)}`;
  for (const node of nodes) {
    const GroupId = textOf(node, 'groupId') ?? '';
    const present = listOf(node, 'ipPermissions').flatMap((rule) =>
      listOf(rule, 'groups')
        .filter((peer) => textOf(peer, 'description') === sharedRule || textOf(peer, 'groupId') === backend)
        .map((peer) => ({
          range: `${textOf(rule, 'fromPort')}-${textOf(rule, 'toPort')}`,
          peer: textOf(peer, 'groupId') ?? '',
        })),
    );
    const change = async (action: string, ofRange: string, peer: string): Promise<void> => {
      const [from = '', to = ''] = ofRange.split('-');
      await aws.ec2(action, {
        GroupId,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: from, ToPort: to, Groups: [{ GroupId: peer, Description: sharedRule }] },
        ],
      });
    };
    const opens = range !== undefined && entries.has(GroupId);
    for (const rule of present)
      if (!opens || rule.range !== range || rule.peer !== backend)
        await change('RevokeSecurityGroupIngress', rule.range, rule.peer);
    if (opens && !present.some((rule) => rule.range === range && rule.peer === backend))
      await change('AuthorizeSecurityGroupIngress', range, backend);
  }
}

/** The group of each node that lets load balancers in. */
async function nodeGroups(
  { aws }: Tools,
  settings: Settings,
  instances: readonly string[],
): Promise<ReadonlySet<string>> {
  if (instances.length === 0) return new Set();
  const described = await aws.ec2('DescribeInstances', { Filter: [{ Name: 'instance-id', Value: instances }] });
  const perNode = listOf(described, 'reservationSet')
    .flatMap((reservation) => listOf(reservation, 'instancesSet'))
    .map((instance) => listOf(instance, 'groupSet').map((group) => textOf(group, 'groupId') ?? ''));
  if (perNode.every((groups) => groups.length <= 1)) return new Set(perNode.flat());
  const Filter = [{ Name: 'tag-key', Value: [`kubernetes.io/cluster/${settings.cluster}`] }];
  const tagged = listOf(await aws.ec2('DescribeSecurityGroups', { Filter }), 'securityGroupInfo').map((group) =>
    textOf(group, 'groupId'),
  );
  return new Set(
    perNode.map((groups) => {
      const found = groups.length === 1 ? groups : groups.filter((group) => tagged.includes(group));
      if (found.length !== 1)
        throw new Error(
          `expected exactly one securityGroup tagged with kubernetes.io/cluster/${settings.cluster}, got ${found.length}`,
        );
      return found[0] ?? '';
    }),
  );
}

/** The shared group's id where it exists. */
export async function backendGroup(tools: Tools, settings: Settings): Promise<string | undefined> {
  return textOf(fieldOf(await findGroup(tools, settings, backendTags(settings)), 'groupId'));
}
