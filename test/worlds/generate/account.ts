import { AccountMaker } from '../memory-aws/maker.ts';
import type { Thing } from '../memory-aws/thing.ts';
import type { World } from '../world.ts';

/** What was made so far of our platform; each part may be missing. */
export interface Built {
  vpc?: Thing;
  subnets: Thing[];
  gateway?: Thing;
  table?: Thing;
  nodes?: Thing;
  machines: Map<string, Thing>;
  address?: Thing;
  bucket?: Thing;
  certificate?: Thing;
  role?: Thing;
  profile?: Thing;
  keyPair?: Thing;
  zone: string;
}

export type Deed = readonly [step: string, what: string, work: () => void];

/** Our own two Terraform roots, deed by deed, each with its entry in the state, and the ledger's entries at the end of each step. */
export function accountDeeds(world: World, built: Built): readonly Deed[] {
  const { aws, terraform, clusterId, domain } = world;
  const make = new AccountMaker(aws, { truth: 'ours', why: 'made by our Terraform' });
  const tags = (suffix?: string) => world.tags(suffix === undefined ? clusterId : `${clusterId}-${suffix}`);
  const ref = ({ kind, id }: Thing) => ({ kind, id });
  const cluster = (address: string, thing: Thing): void => terraform.record('cluster', address, thing.id, ref(thing));
  const foundation = (address: string, thing: Thing, id = thing.id): void =>
    terraform.record('foundation', address, id, ref(thing));
  const vpc = (): string => built.vpc?.id ?? '';
  const subnet = (index: number): string => built.subnets[index % built.subnets.length]?.id ?? '';

  return [
    [
      'foundation',
      'address',
      () => {
        built.address = make.put('address', { tags: tags('k8s-master'), name: `${clusterId}-k8s-master` });
        foundation('aws_eip.node["k8s-master"]', built.address);
      },
    ],
    [
      'foundation',
      'bucket',
      () => {
        const name = `${clusterId}-data-${aws.account}`;
        const objects = world.random.chance(0.4) ? world.random.whole(1, 2500) : 0;
        const truth = objects > 0 ? 'data' : 'ours';
        built.bucket = make.as(truth, 'our data bucket').put('bucket', { name, tags: tags('data'), objects });
        foundation('aws_s3_bucket.this["data"]', built.bucket);
        terraform.record('foundation', 'aws_s3_bucket_versioning.this["data"]', name);
      },
    ],
    [
      'foundation',
      'certificate',
      () => {
        built.certificate = make.put('certificate', { name: domain, tags: tags() });
        foundation(`aws_acm_certificate.this["${domain}"]`, built.certificate);
      },
    ],
    [
      'foundation',
      'validation record',
      () => {
        const name = `_${world.random.letters(8)}.${domain}`;
        const record = make.record(built.zone, { name, type: 'CNAME', ttl: 60, values: ['_x.acm-validations.aws'] });
        foundation(`aws_route53_record.validation["${domain}"]`, record, `${built.zone}_${name}_CNAME`);
      },
    ],
    [
      'foundation',
      'recorded',
      () => {
        const { bucket, address, certificate } = built;
        if (bucket !== undefined) world.record('foundation', 's3-bucket', bucket.id, { account: aws.account });
        if (address !== undefined)
          world.record(
            'foundation',
            'elastic-ip',
            address.id,
            { address: address.unique['address'] ?? '' },
            'k8s-master',
          );
        if (certificate !== undefined) world.record('foundation', 'certificate', certificate.id);
      },
    ],
    [
      'infrastructure',
      'vpc',
      () => {
        built.vpc = make.vpc(tags());
        cluster('aws_vpc.this', built.vpc);
      },
    ],
    [
      'infrastructure',
      'key pair',
      () => {
        built.keyPair = make.put('key-pair', { name: `${clusterId}-key`, tags: tags('key') });
        cluster('aws_key_pair.this', built.keyPair);
      },
    ],
    [
      'infrastructure',
      'role',
      () => {
        built.role = make.put('role', { name: `${clusterId}-node`, tags: tags('node') });
        cluster('aws_iam_role.node', built.role);
        terraform.record('cluster', 'aws_iam_role_policy.node["ebs-csi-driver"]', `${clusterId}-node:ebs-csi-driver`);
      },
    ],
    [
      'infrastructure',
      'instance profile',
      () => {
        const holds = built.role === undefined ? [] : [ref(built.role)];
        built.profile = make.put('instance-profile', { name: `${clusterId}-node`, tags: tags('node'), holds });
        cluster('aws_iam_instance_profile.node', built.profile);
      },
    ],
    ...[0, 1].map(
      (index): Deed => [
        'infrastructure',
        `subnet ${index}`,
        () => {
          const made = make.inside('subnet', vpc(), { ...tags(`public-${index}`), 'kubernetes.io/role/elb': '1' });
          built.subnets.push(made);
          cluster(`aws_subnet.public["${index}"]`, made);
        },
      ],
    ),
    [
      'infrastructure',
      'gateway',
      () => {
        built.gateway = make.inside('internet-gateway', vpc(), tags());
        cluster('aws_internet_gateway.this', built.gateway);
      },
    ],
    [
      'infrastructure',
      'route table',
      () => {
        const table = make.inside('route-table', vpc(), tags('public'));
        built.table = table;
        cluster('aws_route_table.public', table);
        terraform.record('cluster', 'aws_route.internet', `r-${table.id}`);
        for (const [index, one] of built.subnets.entries()) {
          one.holds = [...one.holds, ref(table)];
          terraform.record('cluster', `aws_route_table_association.public["${index}"]`, `rtbassoc-${one.id}`);
        }
      },
    ],
    [
      'infrastructure',
      'node group',
      () => {
        const group = make.group(vpc(), `${clusterId}-node`, tags('node'), `Nodes of ${clusterId}`);
        built.nodes = group;
        cluster('aws_security_group.node', group);
        const rule = (address: string, parts: Parameters<AccountMaker['rule']>[1]): void =>
          terraform.record('cluster', address, make.rule(group.id, { ...parts, tags: tags() }).id, undefined, group.id);
        rule('aws_vpc_security_group_ingress_rule.self', { peer: group.id });
        rule('aws_vpc_security_group_ingress_rule.entrance["ssh 203.0.113.0/24"]', { description: 'ssh' });
        rule('aws_vpc_security_group_egress_rule.internet', { direction: 'egress' });
      },
    ],
    ...Object.keys(world.config.nodes).map(
      (node, index): Deed => [
        'infrastructure',
        `machine ${node}`,
        () => {
          const machine = make.as('ours', `our machine ${node}`).instance({
            subnet: subnet(index),
            groups: built.nodes === undefined ? [] : [built.nodes.id],
            tags: { ...tags(node), 'platform/node': node, 'platform/node-role': world.config.nodes[node]?.role ?? '' },
            diskTags: tags(node),
            public: true,
            ...(built.profile === undefined ? {} : { profile: built.profile.id }),
          });
          built.machines.set(node, machine);
          cluster(`aws_instance.node["${node}"]`, machine);
        },
      ],
    ),
    [
      'infrastructure',
      'recorded',
      () => {
        world.record('infrastructure', 'vpc', vpc());
        if (built.nodes !== undefined) world.record('infrastructure', 'security-group', built.nodes.id, { vpc: vpc() });
        const pair = built.keyPair?.unique['keyPairId'];
        if (pair !== undefined) world.record('infrastructure', 'key-pair', `${clusterId}-key`, { keyPairId: pair });
        const role = built.role?.unique['roleId'];
        if (role !== undefined) world.record('infrastructure', 'role', role, { roleId: role });
        for (const [node, machine] of built.machines)
          world.record('infrastructure', 'instance', machine.id, { vpc: vpc(), zone: 'a' }, node);
      },
    ],
    [
      'addresses',
      'association',
      () => {
        const master = built.machines.get('k8s-master');
        if (built.address !== undefined && master !== undefined) make.associate(built.address, ref(master));
      },
    ],
  ];
}
