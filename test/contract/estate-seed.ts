/**
 * Fills an account for the contract suite. Every implementation of the port (the adapter over the wire, an account in memory) brings one, so that
 * one suite can hold both to the same rules. Each verb gives the id as `CloudResource.id` has it, and what it makes is listed at once.
 */
import type { DnsRecord } from '../../src/tools/ports-aws.ts';
import type { EstateWriter } from '../../src/tools/ports-estate.ts';

export type Tags = Readonly<Record<string, string>>;

export interface EstateSeed {
  vpc(tags?: Tags): Promise<string>;
  /** Each subnet gets addresses and a zone of its own. */
  subnet(vpc: string, tags?: Tags): Promise<string>;
  /** It runs when its id is given: the clock has moved on for it. */
  instance(wanted: {
    readonly subnet: string;
    readonly groups?: readonly string[];
    readonly tags?: Tags;
    /** Volumes that are attached beside the root volume; they stay when the instance goes. */
    readonly volumes?: readonly string[];
    /** Name of an instance profile. */
    readonly profile?: string;
    /** Termination protection. */
    readonly protected?: boolean;
  }): Promise<string>;
  volume(tags?: Tags, attachedTo?: string): Promise<string>;
  snapshot(volume: string, tags?: Tags): Promise<string>;
  group(vpc: string, name: string, tags?: Tags): Promise<string>;
  /** One rule on `group`: from (or to) another group, or without `peer` an address range. Gives the rule's id. */
  rule(
    group: string,
    wanted?: {
      readonly peer?: string;
      readonly direction?: 'ingress' | 'egress';
      readonly description?: string;
      readonly tags?: Tags;
      readonly port?: number;
    },
  ): Promise<string>;
  /** With a certificate it gets an HTTPS listener, with target groups a listener that forwards to each. */
  loadBalancer(wanted: {
    readonly name: string;
    readonly subnets: readonly string[];
    readonly groups?: readonly string[];
    readonly tags?: Tags;
    readonly protected?: boolean;
    readonly certificate?: string;
    readonly targetGroups?: readonly string[];
    /** 'application' unless told. */
    readonly type?: 'application' | 'network';
  }): Promise<string>;
  targetGroup(vpc: string, name: string, tags?: Tags): Promise<string>;
  address(
    tags?: Tags,
    associatedWith?: { readonly instance: string } | { readonly networkInterface: string },
  ): Promise<string>;
  internetGateway(vpc?: string, tags?: Tags): Promise<string>;
  routeTable(vpc: string, tags?: Tags, subnets?: readonly string[]): Promise<string>;
  networkInterface(wanted: {
    readonly subnet: string;
    readonly groups?: readonly string[];
    readonly tags?: Tags;
    readonly description?: string;
    /** Attached to this instance as its second interface. */
    readonly attachedTo?: string;
  }): Promise<string>;
  keyPair(name: string, tags?: Tags): Promise<string>;
  role(
    name: string,
    wanted?: {
      readonly tags?: Tags;
      /** ARNs of managed policies. */
      readonly attached?: readonly string[];
      readonly inline?: readonly string[];
      /** '/' unless told. */
      readonly path?: string;
    },
  ): Promise<string>;
  instanceProfile(name: string, wanted?: { readonly tags?: Tags; readonly roles?: readonly string[] }): Promise<string>;
  /** `versions`: how many there are, 1 unless told; the last is the default one. */
  policy(name: string, wanted?: { readonly tags?: Tags; readonly versions?: number }): Promise<string>;
  certificate(domain: string, tags?: Tags): Promise<string>;
  /** `objects`: keys; a key that occurs twice has two versions. `deleted`: keys that end in a delete marker. `uploads`: keys of uploads never completed. */
  bucket(
    name: string,
    wanted?: {
      readonly tags?: Tags;
      readonly versioned?: boolean;
      readonly objects?: readonly string[];
      readonly deleted?: readonly string[];
      readonly uploads?: readonly string[];
    },
  ): Promise<string>;
  /** Id of a public hosted zone. */
  zone(domain: string): Promise<string>;
  record(zone: string, record: DnsRecord): Promise<string>;
  natGateway(subnet: string, address: string, tags?: Tags): Promise<string>;
  /** An interface endpoint: it has an interface in each subnet. */
  vpcEndpoint(vpc: string, subnets: readonly string[], tags?: Tags): Promise<string>;
  peering(vpc: string, peer: string, tags?: Tags): Promise<string>;
  vpnGateway(vpc: string, tags?: Tags): Promise<string>;
  networkAcl(vpc: string, tags?: Tags): Promise<string>;
  /** Moves the account's clock on: far enough for one change that takes time (an instance that ends, interfaces that linger) to be done. */
  pass(): Promise<void>;
}

/** An account with nothing of this cluster in it. The clock stands still but for `pass`. Other clusters' things may be there. */
export interface SeededEstate {
  /** Told anew by each `make`. */
  readonly cluster: string;
  readonly estate: EstateWriter;
  readonly seed: EstateSeed;
  /** A domain that no other call of `make` was given; it has no zone yet. */
  readonly domain: string;
}

export type MakeEstate = () => Promise<SeededEstate>;
