import type { CloudKind, CloudReference, CloudResource, GroupRule } from '../../../src/tools/ports-estate.ts';
import type { DnsRecord } from '../../../src/tools/ports-aws.ts';

/**
 * What the maker of a world knows about a thing, whatever the product thinks. `ours`: provably, must go. `data`: ours, goes only when data may go.
 * `doubtful`: ours, but the proof was lost, so both leaving and removing it is right. `shared`, `foreign`: never touched. `unknowable`: it may be
 * ours or a colleague's, nothing says; never touched.
 */
export type Truth = 'ours' | 'data' | 'doubtful' | 'shared' | 'foreign' | 'unknowable';

/** Whether anybody may change it on our behalf. */
export const mayGo = (truth: Truth, withData: boolean): boolean =>
  truth === 'ours' || truth === 'doubtful' || (truth === 'data' && withData);

/** A resource of the account in memory: what a listing shows, and what only the maker knows. */
export interface Thing {
  readonly kind: CloudKind;
  readonly id: string;
  readonly name: string;
  readonly tags: Record<string, string>;
  vpc?: string;
  state: string;
  phase: CloudResource['phase'];
  readonly unique: Record<string, string>;
  /** Without what the rules of a group name: see `holdsOf`. */
  holds: CloudReference[];
  managedBy?: string;
  diesWith?: CloudReference;
  /** An interface that a service made: the load balancer, NAT gateway or endpoint that it is for. */
  serves?: CloudReference;
  protected?: boolean;
  gigabytes?: number;
  description?: string;
  rules?: GroupRule[];
  record?: DnsRecord;
  /** A bucket's objects, versions and markers. */
  objects?: number;
  /** An instance with a public address of its own, an address that is mapped. */
  public?: boolean;
  /** A load balancer's host name. */
  hostname?: string;
  /** Made and kept by AWS itself: no listing of the account's own shows it. */
  ofAws?: boolean;
  truth: Truth;
  /** For a trace: 'node k8s-master', 'a colleague's volume'. */
  readonly why: string;
}

export type Draft = Pick<Thing, 'kind' | 'truth' | 'why'> & Partial<Thing>;

export const keyOf = ({ kind, id }: CloudReference): string => `${kind} ${id}`;

export const referenceTo = ({ kind, id }: CloudReference): CloudReference => ({ kind, id });

/** All that a thing holds on to, with the groups that its rules reference. */
export function holdsOf(thing: Thing): readonly CloudReference[] {
  const peers = new Set(
    (thing.rules ?? []).flatMap(({ peer }) => (peer === undefined || peer === thing.id ? [] : [peer])),
  );
  return peers.size === 0
    ? thing.holds
    : [...[...peers].map((id) => ({ kind: 'security-group', id }) as const), ...thing.holds];
}
