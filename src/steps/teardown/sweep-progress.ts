import type { CloudKind } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { Finding } from './inventory-types.ts';
import { type Order, targetsOf, type Waiting } from './order.ts';
import { keyOf } from './ownership-marks.ts';

/** Something on which the sweep stands still until it changes, and how long that may take. */
export interface Awaited {
  readonly finding: Finding;
  /** Unchanged for so long. */
  readonly unchanged: number;
  readonly budget: number;
}

/** What changed from round to round, and since when nothing did. */
export interface Progress {
  /** Takes in what a round saw. Tells whether anything that matters vanished, came, or went a step further. */
  update(order: Order, now: number): boolean;
  readonly awaited: (now: number) => readonly Awaited[];
  readonly lastChange: number;
  /** Names that came again after they had gone, with how often. */
  readonly comebacks: ReadonlyMap<string, number>;
}

/**
 * How long each kind may stand without a change before we stop: what peers have seen AWS take, with room. Interfaces of a load balancer go
 * minutes after it; a volume waits for its instance only.
 */
const budgets: Readonly<Partial<Record<CloudKind, number>>> = {
  'load-balancer': minutes(10),
  'network-interface': minutes(10),
  instance: minutes(10),
  'nat-gateway': minutes(10),
  'vpc-endpoint': minutes(10),
  volume: minutes(5),
};
const otherwise = minutes(3);
/** Nobody ends what is foreign, kept or Terraform's: long enough to outlive a listing that lags behind. */
const standing = seconds(30);
const unsure = minutes(2);

export const budgetOf = (kind: CloudKind): number => budgets[kind] ?? otherwise;

export function createProgress(begun: number): Progress {
  let seen = new Map<string, string>();
  let fronts = new Map<string, { readonly finding: Finding; readonly since: number; readonly budget: number }>();
  let lastChange = begun;
  let first = true;
  const comebacks = createComebacks();

  return {
    get lastChange() {
      return lastChange;
    },
    comebacks: comebacks.counts,
    update(order, now) {
      const targets = targetsOf(order);
      const next = new Map(
        [...targets, ...order.waiting.flatMap(({ on }) => on)].map(({ resource }) => [keyOf(resource), resource.phase]),
      );
      const changed = first || next.size !== seen.size || [...next].some(([key, phase]) => seen.get(key) !== phase);
      if (changed) lastChange = now;
      comebacks.update(targets);
      const front = frontOf(order);
      fronts = new Map(
        [...front].map(([key, { finding, budget }]) => {
          const before = fronts.get(key);
          const same = before !== undefined && before.finding.resource.phase === finding.resource.phase;
          return [key, { finding, budget, since: same ? before.since : now }];
        }),
      );
      seen = next;
      first = false;
      return changed;
    },
    awaited: (now) =>
      [...fronts.values()].map(({ finding, since, budget }) => ({ finding, budget, unchanged: now - since })),
  };
}

/** The outermost things: what may go or is going, and what stands before it without being a target itself. */
function frontOf(order: Order): ReadonlyMap<string, { readonly finding: Finding; readonly budget: number }> {
  const targets = new Set(targetsOf(order));
  // AWS ends what it made, whoever holds it, so that a stranger before it says nothing.
  const isFront = ({ finding, on }: Waiting): boolean =>
    on.length === 0 || (finding.resource.managedBy !== undefined && !on.some((holder) => targets.has(holder)));
  const own = [...order.ask, ...order.waiting.filter(isFront).map(({ finding }) => finding)];
  const others = order.waiting.flatMap(({ on }) => on).filter((holder) => !targets.has(holder));
  return new Map([
    ...others.map((finding) => [keyOf(finding.resource), { finding, budget: patienceWith(finding) }] as const),
    ...own.map((finding) => [keyOf(finding.resource), { finding, budget: budgetOf(finding.resource.kind) }] as const),
  ]);
}

function patienceWith({ resource, class: ownership }: Finding): number {
  if (resource.phase === 'going') return budgetOf(resource.kind);
  if (resource.managedBy === undefined) return standing;
  // One of a load balancer that nobody recorded may be about to go; one of somebody else's works on.
  return ownership === 'owned' ? budgetOf(resource.kind) : ownership === 'unknown' ? unsure : standing;
}

/** Kinds whose names are chosen by whoever makes them, and are unique: one that comes again was made again. */
const distinctive: ReadonlySet<CloudKind> = new Set(['load-balancer', 'target-group', 'security-group', 'dns-record']);

/** Counts what was made again after it had gone: ids never come back, names do. */
function createComebacks() {
  const counts = new Map<string, number>();
  const gone = new Set<string>();
  let before = new Map<string, string>();
  return {
    counts,
    update(targets: readonly Finding[]): void {
      const now = new Map(
        targets
          .filter(({ resource }) => distinctive.has(resource.kind))
          .map(({ resource }) => [keyOf(resource), `${resource.kind} ${resource.name}`] as const),
      );
      for (const [key, name] of now)
        if (!before.has(key) && gone.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const [key, name] of before) if (!now.has(key)) gone.add(name);
      before = now;
    },
  };
}
