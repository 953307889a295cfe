import type { DnsRecord } from '../../../src/tools/ports-aws.ts';
import type { CloudKind, CloudReference, GroupRule } from '../../../src/tools/ports-estate.ts';
import type { MemoryAws } from './memory-aws.ts';
import { referenceTo, type Thing, type Truth } from './thing.ts';

export type Tags = Readonly<Record<string, string>>;

/** Whose something is, and what it is, for whoever reads a trace. */
export interface Label {
  readonly truth: Truth;
  readonly why: string;
}

/** An interface that a service made for something, and takes away itself. */
const madeBy = (managedBy: string, thing: Thing) =>
  ({ state: 'in-use', managedBy, serves: referenceTo(thing), diesWith: referenceTo(thing) }) as const;

/** Fills an account with whole things: a VPC comes with its default group and main route table, a machine with its disk and interface. */
export class AccountMaker {
  readonly aws: MemoryAws;
  readonly label: Label;

  constructor(aws: MemoryAws, label: Label) {
    this.aws = aws;
    this.label = label;
  }

  /** The same account, for things of somebody else. */
  as(truth: Truth, why: string): AccountMaker {
    return new AccountMaker(this.aws, { truth, why });
  }

  put(kind: CloudKind, parts: Partial<Thing>): Thing {
    return this.aws.add({ ...this.label, ...parts, kind });
  }

  vpc(tags: Tags = {}): Thing {
    const vpc = this.put('vpc', { tags: { ...tags }, name: tags['Name'] ?? '' });
    vpc.vpc = vpc.id;
    const here = { vpc: vpc.id, diesWith: referenceTo(vpc), holds: [referenceTo(vpc)] };
    this.put('security-group', { ...here, name: 'default', description: 'default VPC security group', rules: [] });
    this.put('route-table', here);
    this.put('network-acl', here);
    return vpc;
  }

  /** Something in a VPC that keeps it. */
  inside(kind: CloudKind, vpc: string, tags: Tags = {}, parts: Partial<Thing> = {}): Thing {
    const { holds = [], ...rest } = parts;
    const name = parts.name ?? tags['Name'] ?? '';
    return this.put(kind, { name, tags: { ...tags }, vpc, holds: [{ kind: 'vpc', id: vpc }, ...holds], ...rest });
  }

  group(vpc: string, name: string, tags: Tags = {}, description = name): Thing {
    return this.inside('security-group', vpc, tags, { name, description, rules: [] });
  }

  rule(group: string, parts: Partial<GroupRule> = {}): GroupRule {
    const thing = this.aws.get('security-group', group);
    const rule: GroupRule = {
      id: `sgr-${this.aws.random.letters(17)}`,
      direction: 'ingress',
      description: '',
      tags: {},
      ...parts,
    };
    this.aws.change(thing, () => {
      thing.rules = [...(thing.rules ?? []), rule];
    });
    return rule;
  }

  networkInterface(subnet: string, parts: Partial<Thing> = {}, groups: readonly string[] = [], tags: Tags = {}): Thing {
    const { holds = [], ...rest } = parts;
    return this.put('network-interface', {
      vpc: this.aws.get('subnet', subnet).vpc ?? '',
      tags: { ...tags },
      name: tags['Name'] ?? '',
      holds: [
        { kind: 'subnet', id: subnet },
        ...groups.map((id) => ({ kind: 'security-group', id }) as const),
        ...holds,
      ],
      ...rest,
    });
  }

  instance(wanted: {
    readonly subnet: string;
    readonly groups?: readonly string[];
    readonly tags?: Tags;
    readonly volumes?: readonly string[];
    readonly profile?: string;
    readonly protected?: boolean;
    readonly diskTags?: Tags;
    readonly gigabytes?: number;
    /** With a public address of its own, beside any Elastic IP. */
    readonly public?: boolean;
  }): Thing {
    const { subnet, groups = [], tags = {}, volumes = [] } = wanted;
    const machine = this.put('instance', {
      vpc: this.aws.get('subnet', subnet).vpc ?? '',
      tags: { ...tags },
      name: tags['Name'] ?? '',
      ...(wanted.protected === true ? { protected: true } : {}),
    });
    const own = { diesWith: referenceTo(machine), state: 'in-use' } as const;
    const diskTags = wanted.diskTags ?? {};
    const disk = this.put('volume', {
      ...own,
      tags: { ...diskTags },
      name: diskTags['Name'] ?? '',
      gigabytes: wanted.gigabytes ?? 8,
    });
    const first = this.networkInterface(
      subnet,
      { ...own, ...(wanted.public === true ? { public: true } : {}) },
      groups,
    );
    for (const id of volumes) this.aws.get('volume', id).state = 'in-use';
    machine.holds = [
      referenceTo(disk),
      referenceTo(first),
      ...volumes.map((id) => ({ kind: 'volume', id }) as const),
      ...groups.map((id) => ({ kind: 'security-group', id }) as const),
      { kind: 'subnet', id: subnet },
      ...(wanted.profile === undefined ? [] : [{ kind: 'instance-profile', id: wanted.profile } as const]),
    ];
    const pool = tags['aws:autoscaling:groupName'];
    if (pool !== undefined) {
      machine.managedBy = 'autoscaling';
      this.put('auto-scaling-group', { name: pool, vpc: machine.vpc ?? '', holds: [referenceTo(machine)] });
    }
    return machine;
  }

  volume(tags: Tags = {}, gigabytes = 8): Thing {
    return this.put('volume', { tags: { ...tags }, name: tags['Name'] ?? '', gigabytes });
  }

  attach(thing: Thing, machine: string): void {
    const holder = this.aws.get('instance', machine);
    thing.state = 'in-use';
    holder.holds = [...holder.holds, referenceTo(thing)];
  }

  /** Puts an address on the first interface of a machine, or on an interface. */
  associate(address: Thing, on: CloudReference): void {
    const holder =
      on.kind === 'instance'
        ? this.aws.get(
            'network-interface',
            this.aws.get('instance', on.id).holds.find(({ kind }) => kind === 'network-interface')?.id ?? '',
          )
        : this.aws.get(on.kind, on.id);
    holder.holds = [...holder.holds, referenceTo(address)];
  }

  loadBalancer(wanted: {
    readonly name: string;
    readonly subnets: readonly string[];
    readonly groups?: readonly string[];
    readonly tags?: Tags;
    readonly protected?: boolean;
    readonly certificate?: string;
    readonly targetGroups?: readonly string[];
    readonly type?: 'application' | 'network';
  }): Thing {
    const { name, subnets, groups = [], targetGroups = [] } = wanted;
    const form = wanted.type === 'network' ? 'net' : 'app';
    const path = `${form}/${name}/${this.aws.random.letters(16)}`;
    const balancer = this.put('load-balancer', {
      id: `arn:aws:elasticloadbalancing:${this.aws.region}:${this.aws.account}:loadbalancer/${path}`,
      name,
      tags: { ...wanted.tags },
      vpc: this.aws.get('subnet', subnets[0] ?? '').vpc ?? '',
      hostname: `${name}-${this.aws.random.whole(1e8, 1e9)}.${this.aws.region}.elb.amazonaws.com`,
      ...(wanted.protected === true ? { protected: true } : {}),
      holds: [
        ...groups.map((id) => ({ kind: 'security-group', id }) as const),
        ...subnets.map((id) => ({ kind: 'subnet', id }) as const),
        ...targetGroups.map((id) => ({ kind: 'target-group', id }) as const),
        ...(wanted.certificate === undefined ? [] : [{ kind: 'certificate', id: wanted.certificate } as const]),
      ],
    });
    for (const subnet of subnets)
      this.networkInterface(
        subnet,
        { ...madeBy('amazon-elb', balancer), description: `ELB ${path}`, public: true },
        groups,
      );
    return balancer;
  }

  record(zone: string, record: DnsRecord): Thing {
    const name = record.name.replace(/\.$/, '');
    return this.put('dns-record', { id: `${zone}/${record.type}/${name}`, name, record });
  }

  /** An Elastic IP, a NAT gateway on it, and the interface that the gateway makes. */
  natGateway(subnet: string, address: string, tags: Tags = {}): Thing {
    const vpc = this.aws.get('subnet', subnet).vpc ?? '';
    const gateway = this.put('nat-gateway', {
      vpc,
      tags: { ...tags },
      name: tags['Name'] ?? '',
      holds: [
        { kind: 'subnet', id: subnet },
        { kind: 'address', id: address },
      ],
    });
    const description = `Interface for NAT Gateway ${gateway.id}`;
    const one = this.networkInterface(subnet, { ...madeBy('nat', gateway), description });
    gateway.holds = [...gateway.holds, referenceTo(one)];
    this.associate(this.aws.get('address', address), one);
    return gateway;
  }

  endpoint(vpc: string, subnets: readonly string[], tags: Tags = {}): Thing {
    const endpoint = this.inside('vpc-endpoint', vpc, tags);
    const description = `VPC Endpoint Interface ${endpoint.id}`;
    for (const subnet of subnets) {
      const one = this.networkInterface(subnet, { ...madeBy('vpc-endpoint', endpoint), description });
      endpoint.holds = [...endpoint.holds, { kind: 'subnet', id: subnet }, referenceTo(one)];
    }
    return endpoint;
  }

  zone(domain: string): string {
    const id = `Z${this.aws.random.letters(20).toUpperCase()}`;
    this.aws.zones.set(domain, id);
    return id;
  }
}
