import type { Json } from '../engine/types.ts';

/** Every call has a deadline; errors are PlatformErrors with code AWS, CREDENTIALS or QUOTA, a class, and facts {service, action, name}. */

export interface AwsInstance {
  readonly id: string;
  /** The node's name: tag `platform/node`. */
  readonly node: string;
  readonly state: 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
  readonly privateAddress: string;
  readonly publicAddress: string;
  readonly zone: string;
  readonly type: string;
  readonly launchTime: string;
  readonly clientToken: string;
}

/** An instance type as EC2 sells it; the operating system sees a little less memory. */
export interface InstanceSize {
  readonly vcpus: number;
  /** Bytes. */
  readonly memory: number;
}

export interface BucketState {
  readonly exists: boolean;
  /** Someone else's, or another region's: with the reason. */
  readonly foreign?: string;
  readonly versioned: boolean;
  readonly encrypted: boolean;
  readonly blocked: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'TXT';
  readonly ttl?: number;
  readonly values?: readonly string[];
  readonly alias?: { readonly name: string; readonly zone: string };
}

export interface LoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly hostname: string;
  readonly zone: string;
  readonly state: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface TargetGroupHealth {
  readonly group: string;
  readonly healthy: number;
  readonly unhealthy: readonly { readonly target: string; readonly reason: string }[];
}

/** What a policy simulation is asked about: concrete resources, and a request in which conditions can hold. */
export interface SimulatedScope {
  readonly resources: readonly string[];
  readonly context: readonly { readonly key: string; readonly values: readonly string[]; readonly list: boolean }[];
}

/** A snapshot of a volume, in the words of AWS. */
export interface SnapshotState {
  readonly id: string;
  /** 'pending', 'completed', 'error' ... */
  readonly state: string;
  /** '43%'; '' where AWS does not say. */
  readonly progress: string;
}

export interface AwsReader {
  readonly region: string;
  /** Who we are. `expires`: when temporary credentials end; `skew`: how far the clock of AWS is ahead of ours, milliseconds. */
  caller(): Promise<{
    readonly account: string;
    readonly arn: string;
    readonly expires?: number;
    readonly skew?: number;
  }>;
  bucket(name: string): Promise<BucketState>;
  object(bucket: string, key: string): Promise<string | undefined>;
  /** Bytes of an object, without reading it; undefined when it is not there. */
  objectSize(bucket: string, key: string): Promise<number | undefined>;
  /** Every object whose key begins so; [] when there is none. `changed` is milliseconds since 1970. */
  objects(
    bucket: string,
    prefix: string,
  ): Promise<readonly { readonly key: string; readonly bytes: number; readonly changed: number }[]>;
  lifecycle(bucket: string): Promise<Json | undefined>;
  /** All instances of a cluster that are not terminated, by ownership tag. */
  instances(clusterId: string): Promise<readonly AwsInstance[]>;
  /** The same for a VPC, whoever made it: machines of a user's own tree carry no tag of ours. */
  instancesIn(vpc: string): Promise<readonly AwsInstance[]>;
  /** The latest console output, decoded; '' when there is none yet. */
  console(instance: string): Promise<string>;
  address(allocation: string): Promise<{ readonly publicAddress: string; readonly instance?: string } | undefined>;
  certificate(
    arn: string,
  ): Promise<{ readonly status: string; readonly because: string; readonly domains: readonly string[] } | undefined>;
  zone(domain: string): Promise<{ readonly id: string; readonly nameServers: readonly string[] } | undefined>;
  records(zone: string, names: readonly string[]): Promise<readonly DnsRecord[]>;
  loadBalancer(hostname: string): Promise<LoadBalancer | undefined>;
  targetHealth(loadBalancer: string): Promise<readonly TargetGroupHealth[]>;
  quotas(): Promise<{
    readonly standardVcpus: { readonly limit: number; readonly used: number };
    readonly elasticAddresses: { readonly limit: number; readonly used: number };
  }>;
  /** What instance types have, from the service: never counted by hand (catalogue B8). Unknown types are left out. */
  instanceTypes(types: readonly string[]): Promise<Readonly<Record<string, InstanceSize>>>;
  /**
   * Those of the actions that a policy simulation of the caller denies. Without resources and context every right that
   * hangs on a name or a tag looks denied.
   */
  denied(actions: readonly string[], scope?: SimulatedScope): Promise<readonly string[]>;
  /** A key pair of that name, with the fingerprint that EC2 shows. */
  keyPair(name: string): Promise<{ readonly fingerprint: string } | undefined>;
  /**
   * Names that exist already, of those given: { kind: 'key-pair' | 'role' | 'instance-profile' | 'policy' | 'bucket', name }.
   */
  existing(
    names: readonly { readonly kind: string; readonly name: string }[],
  ): Promise<readonly { readonly kind: string; readonly name: string }[]>;
  /** How far these snapshots are. One that AWS does not show (yet, or any more) is left out. */
  snapshots(ids: readonly string[]): Promise<readonly SnapshotState[]>;
  /** Ids of what carries the cluster's tag, by Terraform type, with the tags: for `settle` after an interrupted apply. */
  owned(clusterId: string): Promise<
    readonly {
      readonly type: string;
      readonly id: string;
      readonly tags: Readonly<Record<string, string>>;
      readonly healthy: boolean;
    }[]
  >;
}

export interface AwsWriter extends AwsReader {
  /** Makes the bucket versioned, encrypted, public access blocked, tagged; converges when half of it is there. */
  makeBucket(name: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** `absent`: only when no object is there (If-None-Match). */
  putObject(bucket: string, key: string, body: string, when?: 'absent'): Promise<void>;
  /** Deletes an object (a versioned bucket keeps its versions); fine when it is not there. */
  removeObject(bucket: string, key: string): Promise<void>;
  putLifecycle(bucket: string, rules: Json): Promise<void>;
  associateAddress(allocation: string, instance: string): Promise<void>;
  /** Begins a snapshot of a volume, of the moment in which AWS answers; its id. Not idempotent: a second call makes a second one. */
  makeSnapshot(volume: string, tags: Readonly<Record<string, string>>, description: string): Promise<string>;
  /** One change batch, UPSERT or DELETE. */
  changeRecords(
    zone: string,
    changes: readonly { readonly action: 'UPSERT' | 'DELETE'; readonly record: DnsRecord }[],
  ): Promise<void>;
}
