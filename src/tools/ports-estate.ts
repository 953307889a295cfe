/**
 * What stands in an AWS account, in one shape for all kinds, as a teardown needs to see it: who made it, what it holds on to, and whether it is
 * really gone. A listing is always Describe or List of the service itself, to its last page, never the tagging API, which returns what was
 * deleted and leaves out what has no tags (openshift/release#70150). What cannot be listed is an error, never "none".
 */
import type { DnsRecord } from './ports-aws.ts';

/** Kinds that our topology and its controllers make, and that a teardown may remove. */
export const removableKinds = [
  'instance',
  'load-balancer',
  'target-group',
  'network-interface',
  'volume',
  'snapshot',
  'address',
  'security-group',
  'subnet',
  'route-table',
  'internet-gateway',
  'vpc',
  'key-pair',
  'instance-profile',
  'role',
  'policy',
  'certificate',
  'dns-record',
  'bucket',
] as const;

/** Kinds that our topology never makes: found where they stand in our way, named, and refused (catalogue E9-E11, B12). */
export const refusedKinds = [
  'nat-gateway',
  'vpc-endpoint',
  'peering-connection',
  'vpn-gateway',
  'network-acl',
  'auto-scaling-group',
  'classic-load-balancer',
  'distribution',
] as const;

export type RemovableKind = (typeof removableKinds)[number];
export type RefusedKind = (typeof refusedKinds)[number];
export type CloudKind = RemovableKind | RefusedKind;

export interface CloudReference {
  readonly kind: CloudKind;
  readonly id: string;
}

/** One rule of a security group, with the group that it points at, if it points at one. */
export interface GroupRule {
  readonly id: string;
  readonly direction: 'ingress' | 'egress';
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Id of the group that is referenced. Absent: an address range or a prefix list. */
  readonly peer?: string;
}

export interface CloudResource extends CloudReference {
  /**
   * Unique within its kind and region: the EC2 id (an address: its allocation id), the ARN of a load balancer, target group, certificate, policy
   * or distribution, the name of a role, instance profile, key pair or bucket, `ZONE/TYPE/NAME` of a DNS record (name without its last dot).
   */
  readonly id: string;
  /** '' where it has none. */
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly vpc?: string;
  /** In the words of AWS; '' where it has none. */
  readonly state: string;
  /** `going`: AWS is ending it; `gone`: still listed, ended (terminated, deleted). Neither is deleted again. */
  readonly phase: 'live' | 'going' | 'gone';
  /** Facts that a later namesake cannot have (RoleId, KeyPairId, creation or launch time ...), to compare with the ledger's. */
  readonly unique: Readonly<Record<string, string>>;
  /**
   * What it keeps from being deleted: an instance its volumes, interfaces, groups and subnet; a load balancer its groups, subnets, addresses, target
   * groups and certificates; an interface its groups, subnet, Elastic IP and, while it has a public address, the internet gateway; a group those that
   * its rules reference; a subnet its route table; an internet gateway, subnet, group, route table its VPC; a profile its role; a role its policies
   * (not those of AWS). A DNS record holds its owner record, which is the proof and goes last.
   */
  readonly holds: readonly CloudReference[];
  /** The AWS service that made it and takes it away itself ('amazon-elb', 'nat' ...): awaited, never detached or deleted by us. */
  readonly managedBy?: string;
  /**
   * Dies with its parent and cannot be deleted by itself: default group, main route table, root volume and primary interface of a live instance, and
   * the interfaces of a load balancer, NAT gateway or endpoint, whose description names the parent (they outlive it by minutes).
   */
  readonly diesWith?: CloudReference;
  /** Deletion protection is on. Of instances it is not known before they refuse to be terminated: asking would be a call for each. */
  readonly protected?: boolean;
  readonly gigabytes?: number;
  /** A bucket: whether it holds any object, version or marker. */
  readonly empty?: boolean;
  readonly description?: string;
  readonly rules?: readonly GroupRule[];
  readonly record?: DnsRecord;
}

/** Which part of the account is looked at. Everything that any of these names finds is returned: also what is foreign, so that it can be named. */
export interface EstateScope {
  /** Cluster id: names that begin with `ID-`, tags platform/cluster=ID, kubernetes.io/cluster/ID (any value), elbv2.k8s.aws/cluster=ID. */
  readonly cluster: string;
  /** Recorded VPCs: whatever stands in them. */
  readonly vpcs: readonly string[];
  /** Domain whose hosted zone holds our records; absent: only the recorded ones are looked at. */
  readonly domain?: string;
  /** Ids from ledger, Terraform state and cluster objects, by kind: looked up even where no tag or VPC leads to them. */
  readonly recorded: Readonly<Partial<Record<CloudKind, readonly string[]>>>;
  /**
   * Only these of the kind are wanted, whatever else the scope would find: one call where the service can filter by id, so that waiting costs little. More
   * may be returned.
   */
  readonly only?: readonly string[];
  /**
   * Only what stands in the recorded VPCs is wanted, for kinds that stand in one, where one is recorded: one call, without the search by tags and ids
   * elsewhere. More may be returned.
   */
  readonly near?: true;
  /**
   * Listings of one look, which has no other properties: what several of its kinds need of AWS (who bears our marks, what stands in a VPC, whose
   * certificates) is asked once for all of them, so that none shows anything older than the beginning of the look. Absent: each listing asks by itself.
   */
  readonly look?: object;
}

export interface EstateReader {
  /**
   * One whole, fresh listing of a kind within the scope. Load balancers and target groups outside the recorded VPCs are looked at only where no VPC is
   * recorded; certificates only where they stand for a name of the domain, or are recorded: their services know no filters, and asking each of a
   * thousand for its tags is what makes a scan slow. Refused kinds are listed by VPC; a distribution, an Auto Scaling group or a classic load
   * balancer is known only from what it holds (a certificate's InUseBy, the tag aws:autoscaling:groupName, the description of an interface).
   */
  list(kind: CloudKind, scope: EstateScope): Promise<readonly CloudResource[]>;
}

export interface RemoveOptions {
  /** Turn deletion protection off first. Only for what is proven ours. */
  readonly unprotect?: boolean;
  /** A bucket's objects, versions and markers go too, in pages, progress by `note`. Without it a bucket that is not empty is refused. */
  readonly withData?: boolean;
  note?(text: string): void;
}

export interface EstateWriter extends EstateReader {
  /**
   * Asks AWS to delete it, with what can only die with it (listeners of a load balancer; attachments, inline policies and profile membership of a
   * role; old versions of a policy; attachment of an internet gateway). What a thing of someone else uses is not torn from it: an Elastic IP on a machine
   * that is not of its cluster, a role in a profile of another name: AWS's refusal stands. Already gone is fine. It is gone only when a fresh listing lacks it.
   * Errors are AWS with facts.name as AWS says; `verdictOf` of steps/teardown/verdict tells which of them mean "not yet". What a service takes away
   * itself (managedBy) and the refused kinds are FOREIGN here: neither is ever asked for.
   */
  remove(resource: CloudResource, options?: RemoveOptions): Promise<void>;
  /** Takes exactly these rules out of a group. One that is not there any more is fine. */
  revoke(group: string, rules: readonly GroupRule[]): Promise<void>;
}
