import type { CloudKind } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { Finding } from './inventory-types.ts';
import { withProof } from './listing.ts';
import { exists, heldBy, type Order, targetsOf } from './order.ts';
import type { Awaited } from './sweep-progress.ts';
import { pauseAfter } from './wait.ts';

/**
 * How much is listed: all kinds of the sweep with those that may hold them, the kinds of what may be asked to go with those that may hold it, or only
 * the things that we wait for.
 */
export type Look = 'everything' | 'what is left' | 'what may change';

/** As few listings as tell what is needed. */
export function kindsToList(
  look: Exclude<Look, 'what may change'>,
  kinds: readonly CloudKind[],
  seen: readonly Finding[],
  order: Order,
): readonly CloudKind[] {
  const holding = (kind: CloudKind): readonly CloudKind[] => heldBy[kind] ?? [];
  if (look === 'everything') return withProof([...kinds, ...kinds.flatMap(holding)]);
  const left = kindsNext(order);
  const present = new Set(seen.filter(exists).map(({ resource }) => resource.kind));
  return [...left, ...left.flatMap((kind) => holding(kind).filter((one) => present.has(one) || unguarded.has(kind)))];
}

/** Kinds of what may be asked to go; else of all that is to go. What waits for something else is looked at when that is gone. */
export const kindsNext = (order: Order): readonly CloudKind[] =>
  (order.ask.length > 0 ? order.ask : targetsOf(order)).map(({ resource }) => resource.kind);

/** Whether these are gone as soon as AWS has said yes: then the next look may be the last. */
export const goAtOnce = (findings: readonly Finding[]): boolean =>
  findings.every(({ resource }) => atOnce.has(resource.kind));

const atOnce: ReadonlySet<CloudKind> = new Set([
  'security-group',
  'target-group',
  'dns-record',
  'snapshot',
  'address',
  'key-pair',
  'subnet',
  'route-table',
] as const);

/** Kinds that stand in a VPC and are only ever deleted there. Networks elsewhere tell whether another cluster has our id. */
const near: ReadonlySet<CloudKind> = new Set([
  'network-interface',
  'security-group',
  'subnet',
  'route-table',
  'internet-gateway',
] as const);

/** Of which kinds it is enough to look into our VPCs: those of which everything that is still to go stands there. */
export function kindsNear(order: Order, vpcs: readonly string[]): ReadonlySet<CloudKind> {
  const elsewhere = new Set(
    targetsOf(order)
      .filter(({ resource }) => !vpcs.includes(resource.vpc ?? ''))
      .map(({ resource }) => resource.kind),
  );
  const isNear = (kind: CloudKind): boolean => !elsewhere.has(kind);
  // What holds a volume or an address may stand anywhere; where machines alone are to go, those of our VPCs tell enough.
  const isMachines = targetsOf(order).every(({ resource }) => resource.kind === 'instance');
  return new Set([...near, ...(isMachines ? (['instance'] as const) : [])].filter(isNear));
}

/** Kinds that AWS or our adapter takes out of the hands of whoever uses them: who does is always looked at afresh. */
const unguarded: ReadonlySet<CloudKind> = new Set(['volume', 'address', 'instance-profile', 'role', 'policy'] as const);

/** AWS takes tens of seconds over these: sooner than after three nothing is worth a look, and a twentieth of the wait is late enough. */
const slow: ReadonlySet<CloudKind> = new Set(['instance', 'load-balancer', 'network-interface'] as const);

/** What was asked a moment ago decides; a change elsewhere does not make what is slow any faster. */
export function pauseBefore(awaited: readonly Awaited[]): number {
  const unchanged = Math.min(...awaited.map((one) => one.unchanged));
  return awaited.every(({ finding }) => slow.has(finding.resource.kind))
    ? Math.min(seconds(10), Math.max(seconds(3), unchanged / 20))
    : pauseAfter(unchanged);
}
