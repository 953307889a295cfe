import { AccountMaker } from '../memory-aws/maker.ts';
import type { Thing } from '../memory-aws/thing.ts';
import type { World } from '../world.ts';
import type { Built, Deed } from './account.ts';

/**
 * A Terraform tree of the user's own, deed by deed: one root, names and tags of theirs and none of ours, the network sometimes only looked up. What of
 * it the build writes into the ledger is what the tree's outputs tell (steps/build/infrastructure).
 */
export function ownTreeDeeds(world: World, built: Built): readonly Deed[] {
  const { aws, terraform, random } = world;
  const make = new AccountMaker(aws, { truth: 'ours', why: "made by the user's own Terraform" });
  const name = `crew-${random.letters(4)}`;
  const tags = (part: string): Record<string, string> => ({ Name: `${name}-${part}`, Team: 'crew' });
  const ref = ({ kind, id }: Thing) => ({ kind, id });
  const hold = (address: string, thing: Thing, id = thing.id): void =>
    terraform.record('cluster', address, id, ref(thing));
  const vpc = (): string => built.vpc?.id ?? '';
  // A network that several teams build in: its Terraform is elsewhere, this tree has a data source.
  const isLookedUp = random.chance(0.3);
  const step = 'infrastructure';

  return [
    [
      step,
      isLookedUp ? 'network that is looked up' : 'vpc',
      () => {
        built.vpc = isLookedUp
          ? make.as('foreign', 'the network of all teams').vpc({ Name: 'all-teams' })
          : make.vpc(tags('net'));
        if (!isLookedUp) hold('aws_vpc.net', built.vpc);
      },
    ],
    ...[0, 1].map(
      (index): Deed => [
        step,
        `subnet ${index}`,
        () => {
          const made = make.inside('subnet', vpc(), tags(`subnet-${index}`));
          built.subnets.push(made);
          hold(`aws_subnet.net[${index}]`, made);
        },
      ],
    ),
    [
      step,
      'gateway and route table',
      () => {
        if (isLookedUp) return;
        built.gateway = make.inside('internet-gateway', vpc(), tags('gateway'));
        hold('aws_internet_gateway.net', built.gateway);
        const table = make.inside('route-table', vpc(), tags('routes'));
        built.table = table;
        hold('aws_route_table.net', table);
        for (const [index, one] of built.subnets.entries()) {
          one.holds = [...one.holds, ref(table)];
          terraform.record('cluster', `aws_route_table_association.net[${index}]`, `rtbassoc-${one.id}`);
        }
      },
    ],
    [
      step,
      'key pair, role, instance profile',
      () => {
        built.keyPair = make.put('key-pair', { name: `${name}-key`, tags: tags('key') });
        hold('aws_key_pair.deployer', built.keyPair);
        built.role = make.put('role', { name: `${name}-role`, tags: tags('role') });
        hold('aws_iam_role.node', built.role);
        built.profile = make.put('instance-profile', { name: `${name}-profile`, tags: {}, holds: [ref(built.role)] });
        hold('aws_iam_instance_profile.node', built.profile);
      },
    ],
    [
      step,
      'node group',
      () => {
        const group = make.group(vpc(), `${name}-nodes`, tags('nodes'), 'nodes');
        built.nodes = group;
        hold('aws_security_group.nodes', group);
        const rule = make.rule(group.id, { peer: group.id });
        terraform.record('cluster', 'aws_vpc_security_group_ingress_rule.self', rule.id, undefined, group.id);
      },
    ],
    ...Object.keys(world.config.nodes).map(
      (node, index): Deed => [
        step,
        `machine ${node}`,
        () => {
          const machine = make.as('ours', `their machine ${node}`).instance({
            subnet: built.subnets[index % built.subnets.length]?.id ?? '',
            groups: built.nodes === undefined ? [] : [built.nodes.id],
            tags: tags(node),
            public: true,
            ...(built.profile === undefined ? {} : { profile: built.profile.id }),
          });
          built.machines.set(node, machine);
          hold(`aws_instance.node["${node}"]`, machine);
        },
      ],
    ),
    [
      step,
      'address, certificate, bucket',
      () => {
        const address = make.put('address', { tags: tags('master') });
        built.address = address;
        hold('aws_eip.master', address);
        const master = built.machines.get('k8s-master');
        if (master !== undefined) make.associate(address, ref(master));
        built.certificate = make.put('certificate', { name: world.domain, tags: tags('certificate') });
        hold('aws_acm_certificate.site', built.certificate);
        const bucket = make.put('bucket', { name: `${name}-assets`, tags: tags('assets'), objects: 0 });
        hold('aws_s3_bucket.assets', bucket);
      },
    ],
    [
      step,
      'recorded',
      () => {
        world.record(step, 'vpc', vpc());
        if (built.nodes !== undefined) world.record(step, 'security-group', built.nodes.id, { vpc: vpc() });
        const pair = built.keyPair?.unique['keyPairId'];
        if (pair !== undefined) world.record(step, 'key-pair', built.keyPair?.id ?? '', { keyPairId: pair });
        const role = built.role?.unique['roleId'];
        if (role !== undefined) world.record(step, 'role', role, { roleId: role });
        for (const [node, machine] of built.machines)
          world.record(step, 'instance', machine.id, { vpc: vpc(), zone: 'a' }, node);
      },
    ],
  ];
}
