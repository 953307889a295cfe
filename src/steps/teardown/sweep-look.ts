import type { CloudKind } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { Finding } from './inventory-types.ts';
import { withProof } from './listing.ts';
import { exists, heldBy, type Order, targetsOf } from './order.ts';
import type { Awaited } from './sweep-progress.ts';
import { pauseAfter } from './wait.ts';

/** How much is listed: all kinds of the sweep with those that may hold them, those of what is still to go, or those of what we wait for. */
export type Look = 'everything' | 'what is left' | 'what may change';

/** As few listings as tell what is needed. */
export function kindsToList(
  look: Look,
  kinds: readonly CloudKind[],
  seen: readonly Finding[],
  order: Order,
  awaited: readonly Awaited[],
): readonly CloudKind[] {
  const holding = (kind: CloudKind): readonly CloudKind[] => heldBy[kind] ?? [];
  if (look === 'everything') return withProof([...kinds, ...kinds.flatMap(holding)]);
  if (look === 'what may change') return awaited.map(({ finding }) => finding.resource.kind);
  const left = targetsOf(order).map(({ resource }) => resource.kind);
  const present = new Set(seen.filter(exists).map(({ resource }) => resource.kind));
  return [...left, ...left.flatMap((kind) => holding(kind).filter((one) => present.has(one) || unguarded.has(kind)))];
}

/** Kinds that AWS or our adapter takes out of the hands of whoever uses them: who does is always looked at afresh. */
const unguarded: ReadonlySet<CloudKind> = new Set(['volume', 'address', 'instance-profile', 'role', 'policy'] as const);

/** AWS takes tens of seconds over these: sooner than after two seconds nothing is worth a look, which is several calls. */
const slow: ReadonlySet<CloudKind> = new Set(['instance', 'load-balancer', 'network-interface'] as const);

/** What was asked a moment ago decides; a change elsewhere does not make what is slow any faster. */
export function pauseBefore(awaited: readonly Awaited[]): number {
  const pause = pauseAfter(Math.min(...awaited.map(({ unchanged }) => unchanged)));
  return awaited.every(({ finding }) => slow.has(finding.resource.kind)) ? Math.max(seconds(2), pause) : pause;
}
