import type { CloudKind } from '../../tools/ports.ts';
import type { Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';
import { isDefaultGroup, isRevocable } from './security-groups.ts';

/** A thing that is to go, and what exists that must be gone before. Nothing in `on`: AWS itself is ending it. */
export interface Waiting {
  readonly finding: Finding;
  readonly on: readonly Finding[];
}

export interface Order {
  /** May be asked to go now: nothing that exists holds them. */
  readonly ask: readonly Finding[];
  readonly waiting: readonly Waiting[];
}

/** Everything that is still to go. */
export const targetsOf = ({ ask, waiting }: Order): readonly Finding[] => [
  ...ask,
  ...waiting.map(({ finding }) => finding),
];

export const exists = ({ resource }: Finding): boolean => resource.phase !== 'gone';

/** A VPC goes after everything of these kinds that stands in it. */
export const holdersOfVpc: readonly CloudKind[] = [
  'instance',
  'load-balancer',
  'network-interface',
  'security-group',
  'subnet',
  'route-table',
  'internet-gateway',
  'nat-gateway',
  'vpc-endpoint',
  'peering-connection',
  'vpn-gateway',
  'network-acl',
];

/**
 * Kinds of which one may hold a thing of this kind: what must be listed to know whether it may go. The ties themselves come from the listings
 * (`holds`); declared are only those that no listing shows, below.
 */
export const heldBy: Readonly<Partial<Record<CloudKind, readonly CloudKind[]>>> = {
  'target-group': ['load-balancer'],
  'network-interface': ['instance', 'load-balancer'],
  volume: ['instance'],
  address: ['instance', 'network-interface'],
  'security-group': ['instance', 'load-balancer', 'network-interface', 'security-group'],
  subnet: ['instance', 'load-balancer', 'network-interface'],
  'route-table': ['subnet'],
  'internet-gateway': ['instance', 'load-balancer', 'network-interface'],
  vpc: holdersOfVpc,
  'instance-profile': ['instance'],
  role: ['instance-profile'],
  policy: ['role'],
  certificate: ['load-balancer'],
};

/**
 * An interface of a load balancer goes after it (its description names it). A gateway cannot be detached while anything in its VPC has a public address ("has some mapped public address(es)"), a VPC cannot go
 * while anything stands in it, and an owner record proves the records beside it, so that it goes after them: a run that is killed between
 * the two must still be able to prove the second.
 */
function isDeclared(holder: Finding, held: Finding): boolean {
  const [one, other] = [holder.resource, held.resource];
  if (other.kind === 'vpc') return one.vpc === other.id && holdersOfVpc.includes(one.kind);
  if (other.kind === 'internet-gateway')
    return other.vpc !== undefined && one.vpc === other.vpc && heldBy['internet-gateway']?.includes(one.kind) === true;
  if (other.kind === 'network-interface')
    return one.kind === 'load-balancer' && one.id.endsWith(`loadbalancer/${other.description?.replace(/^ELB /, '')}`);
  if (one.kind === 'dns-record' && other.kind === 'dns-record')
    return (
      holder.class === 'owned' &&
      other.record?.type === 'TXT' &&
      one.record?.type !== 'TXT' &&
      zoneOf(one.id) === zoneOf(other.id) &&
      // Its own owner record only: the record that validates a certificate stays for Terraform, and proves nothing.
      other.name.toLowerCase() === `_platform-owner.${one.name.toLowerCase()}`
    );
  return false;
}

const zoneOf = (record: string): string => record.split('/')[0] ?? '';

/**
 * What may go now, and what waits for whom, as far as the findings tell. Everything that was seen is needed, also what stays: a foreign
 * interface holds our group as well as one of ours. Rules between security groups hold nothing where they may be revoked first.
 */
export function orderOf(findings: readonly Finding[], wanted: (finding: Finding) => boolean): Order {
  const present = findings.filter(exists);
  const chosen = present.filter(wanted);
  const targets = chosen.filter((finding) => goesWithItsParent(finding, present, chosen));
  const holders = holdersOf(present, targets);
  const ask: Finding[] = [];
  const waiting: Waiting[] = [];
  for (const finding of targets) {
    const on = holders.get(keyOf(finding.resource)) ?? [];
    if (isAwaited(finding)) waiting.push({ finding, on: isGoing(finding) ? [] : on });
    else if (on.length === 0) ask.push(finding);
    else waiting.push({ finding, on });
  }
  const rings = heldInRings(waiting, new Set(targets.filter((one) => !isAwaited(one)).map(keyOfFinding)));
  return {
    ask: [...ask, ...waiting.filter(({ finding }) => rings.has(keyOfFinding(finding))).map(({ finding }) => finding)],
    waiting: waiting.filter(({ finding }) => !rings.has(keyOfFinding(finding))),
  };
}

/** AWS is ending it, made it and takes it away itself, or lets it die with its parent: asking is refused or does harm. */
export const isAwaited = ({ resource }: Finding): boolean =>
  resource.phase === 'going' ||
  resource.managedBy !== undefined ||
  resource.diesWith !== undefined ||
  isDefaultGroup(resource);

/** What dies with something that stays for now (the default group with a VPC of Terraform's) is not waited for either. */
function goesWithItsParent({ resource }: Finding, present: readonly Finding[], chosen: readonly Finding[]): boolean {
  const parent = resource.diesWith;
  if (parent === undefined) return true;
  const isParent = (one: Finding): boolean => keyOfFinding(one) === keyOf(parent);
  return chosen.some(isParent) || !present.some(isParent);
}

const isGoing = ({ resource }: Finding): boolean => resource.phase === 'going';
const keyOfFinding = ({ resource }: Finding): string => keyOf(resource);

/** For each target, what exists and holds it. A thing holds nothing with which it dies itself. */
export function holdersOf(
  present: readonly Finding[],
  targets: readonly Finding[],
): ReadonlyMap<string, readonly Finding[]> {
  const byKey = new Map(present.map((one) => [keyOfFinding(one), one]));
  const parents = (finding: Finding): readonly string[] => {
    const found: string[] = [];
    for (let next = finding.resource.diesWith; next !== undefined; next = byKey.get(keyOf(next))?.resource.diesWith) {
      if (found.includes(keyOf(next))) break;
      found.push(keyOf(next));
    }
    return found;
  };
  const holders = new Map<string, Set<Finding>>(targets.map((one) => [keyOfFinding(one), new Set()]));
  const tie = (holder: Finding, held: Finding): void => {
    if (holder === held || parents(holder).includes(keyOfFinding(held))) return;
    if (isRevocable(holder, held) || isUndone(holder, held)) return;
    holders.get(keyOfFinding(held))?.add(holder);
  };
  for (const holder of present)
    for (const reference of holder.resource.holds) {
      const held = byKey.get(keyOf(reference));
      if (held !== undefined) tie(holder, held);
    }
  for (const held of targets) {
    if (!hasDeclared.has(held.resource.kind)) continue;
    for (const holder of present) if (isDeclared(holder, held)) tie(holder, held);
  }
  for (const held of targets) {
    const parent = held.resource.diesWith === undefined ? undefined : byKey.get(keyOf(held.resource.diesWith));
    if (parent !== undefined) holders.get(keyOfFinding(held))?.add(parent);
  }
  return new Map([...holders].map(([key, found]) => [key, [...found]]));
}

/** A route table is taken off the subnets that use it when it goes: of ours only, never off a colleague's. */
const isUndone = (holder: Finding, held: Finding): boolean =>
  holder.resource.kind === 'subnet' && held.resource.kind === 'route-table' && holder.class === 'owned';

const hasDeclared: ReadonlySet<CloudKind> = new Set(['vpc', 'internet-gateway', 'network-interface', 'dns-record']);

/**
 * Things that hold each other in a ring and that nothing outside holds: each may be asked, since none will ever be free by itself. AWS
 * answers "not yet" where the order matters after all.
 */
function heldInRings(waiting: readonly Waiting[], askable: ReadonlySet<string>): ReadonlySet<string> {
  const on = new Map(waiting.map(({ finding, on: by }) => [keyOfFinding(finding), by.map(keyOfFinding)]));
  const reach = (from: string): ReadonlySet<string> | undefined => {
    const seen = new Set<string>();
    const open = [from];
    for (let key = open.pop(); key !== undefined; key = open.pop())
      for (const holder of on.get(key) ?? []) {
        if (!askable.has(holder) || !on.has(holder)) return undefined;
        if (!seen.has(holder)) open.push(holder);
        seen.add(holder);
      }
    return seen.has(from) ? seen : undefined;
  };
  const closed = new Map([...on.keys()].filter((key) => askable.has(key)).map((key) => [key, reach(key)]));
  const rings = new Set<string>();
  for (const [key, members] of closed)
    if (members !== undefined && [...members].every((one) => closed.get(one)?.has(key) === true)) rings.add(key);
  return rings;
}
