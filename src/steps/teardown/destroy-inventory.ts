import type { LedgerEntry } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { step } from '../kit.ts';
import type { Evidence, Finding, Inventory } from './inventory-types.ts';
import { forgetLook, recentInventory } from './recent-look.ts';

/** What the other steps of a teardown start from. */
export type DestroyInventory = {
  /** '' where none was ever minted. */
  readonly clusterId: string;
  readonly account: string;
  /** Bucket of the Terraform state; null: local. */
  readonly bucket: string | null;
  readonly vpcs: readonly string[];
  readonly kubernetes: 'answers' | 'unreachable' | 'left-out';
  /** Why Kubernetes takes no part; '' where it does. */
  readonly because: string;
  /** How many things of each kind are proven ours. */
  readonly counts: Readonly<Record<string, number>>;
};

/**
 * Looks at everything, and writes down what is proven ours, with facts that a later namesake cannot have, before its parent can go and take the
 * proof with it: an interface is told by its load balancer, a volume by its PersistentVolume.
 */
export const destroyInventory = step({
  id: 'destroy-inventory',
  title: 'Inventory of everything',
  needs: {},
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(10),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({ environment: config.environment, name: config.name, region: config.region }),
  check: async (ctx) => {
    const inventory = await recentInventory(ctx);
    const fresh = unrecorded(inventory);
    const output = outputOf(inventory);
    if (fresh.length > 0)
      return {
        state: 'needed',
        because: `${fresh.length} ${fresh.length === 1 ? 'thing of ours is' : 'things of ours are'} not in the ledger yet`,
        preview: fresh.map(({ kind, id }) => `record ${kind.replaceAll('-', ' ')} ${id}`),
      };
    return {
      state: 'satisfied',
      output,
      because:
        inventory.clusterId === '' ? 'nothing was ever built' : 'everything that is proven ours is in the ledger',
    };
  },
  apply: async (ctx) => {
    const inventory = await recentInventory(ctx);
    forgetLook(ctx);
    const fresh = unrecorded(inventory);
    await ctx.ledger.record(fresh);
    // Another machine may have to go on.
    if (inventory.clusterId !== '') await ctx.ledger.mirror();
    ctx.note(`${inventory.findings.length} things looked at, ${fresh.length} recorded`);
    return outputOf(inventory);
  },
});

/** What is proven ours and not recorded with these facts. */
export function unrecorded({ findings, evidence }: Inventory): readonly LedgerEntry[] {
  if (evidence === undefined) return [];
  const known = new Set(evidence.ledger.map(textOf));
  return findings
    .filter(({ class: ownership }) => ownership === 'owned' || ownership === 'data')
    .map((finding) => entryOf(finding, evidence))
    .filter((entry) => !known.has(textOf(entry)));
}

function entryOf({ resource, origin }: Finding, { volumes, clusterId }: Evidence): LedgerEntry {
  const { kind, id, name } = resource;
  const volume = kind === 'volume' ? volumes.get(id) : undefined;
  const known = volume?.origin ?? (name === '' ? origin : name);
  return {
    kind,
    id,
    ...(known === undefined ? {} : { name: known }),
    unique: {
      ...resource.unique,
      ...(volume === undefined ? {} : { reclaim: volume.retain ? 'Retain' : 'Delete' }),
      ...(kind === 'dns-record' ? { owner: clusterId } : {}),
    },
    step: 'destroy-inventory',
  };
}

const textOf = ({ kind, id, unique }: LedgerEntry): string =>
  JSON.stringify([kind, id, Object.entries(unique).sort(([a], [b]) => a.localeCompare(b))]);

function outputOf({ clusterId, account, evidence, vpcs, kubernetes, findings }: Inventory): DestroyInventory {
  const counts: Record<string, number> = {};
  for (const { resource, class: ownership } of findings)
    if (ownership === 'owned' || ownership === 'data') counts[resource.kind] = (counts[resource.kind] ?? 0) + 1;
  return {
    clusterId,
    account,
    bucket: evidence?.stateBucket ?? null,
    vpcs,
    kubernetes: kubernetes.is,
    because: kubernetes.is === 'answers' ? '' : kubernetes.because,
    counts,
  };
}
