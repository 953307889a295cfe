import type { PlatformConfig } from '../../config/config.ts';
import { seconds } from '../durations.ts';
import type { ReadContext } from '../kit.ts';
import { observeKubernetes } from './cluster-findings.ts';
import { readIdentity } from './evidence.ts';
import { type Observation, takeInventory } from './inventory.ts';
import type { Inventory, KubernetesState } from './inventory-types.ts';
import { patient } from './sweep-patience.ts';

/** So long may what was seen stand for what is there. */
const recent = seconds(30);

interface Look {
  readonly config: PlatformConfig;
  /** Of the ledger of this machine when the look began: who wrote to it since has changed what the verdicts hang on. */
  readonly records: string;
  readonly ended: number;
  readonly inventory: Inventory;
}

/** By who reads the ledger: there is one for each process and environment, in every world that is made for its steps. */
const looks = new WeakMap<ReadContext['ledger']['entries'], Look>();

interface Seen extends Observation {
  readonly records: string;
  readonly ended: number;
}

const observations = new WeakMap<ReadContext['ledger']['entries'], Seen>();

/** What the cluster shows now; while it answers, the inventory after it need not ask it again. */
export async function observeCluster(ctx: ReadContext): Promise<KubernetesState> {
  const records = JSON.stringify(await ctx.ledger.entries());
  const identity = await readIdentity(patient(ctx));
  if (identity === undefined) return { is: 'left-out', because: 'nothing was ever built' };
  const kubernetes = await observeKubernetes(ctx, identity);
  observations.set(ctx.ledger.entries, { records, identity, kubernetes, ended: ctx.clock.monotonic() });
  return kubernetes;
}

/**
 * An inventory that this process took within the last 30 s, with the same choices and the same records; else a new one. A teardown begins with the same
 * look four times: for the plan, for the screen, in the check of its first step, and in that step. Only for what comes before the first deletion:
 * whatever deletes, and whoever says that nothing is left, lists for himself.
 */
export async function recentInventory(ctx: ReadContext): Promise<Inventory> {
  const records = JSON.stringify(await ctx.ledger.entries());
  const before = looks.get(ctx.ledger.entries);
  if (before?.config === ctx.config && before.records === records && ctx.clock.monotonic() - before.ended < recent)
    return before.inventory;
  ctx.note('listing every kind in AWS, both Terraform states and the cluster');
  const seen = observations.get(ctx.ledger.entries);
  const isSeen =
    seen?.records === records &&
    ctx.clock.monotonic() - seen.ended < recent &&
    seen.kubernetes.is === 'answers' &&
    ctx.config.teardown?.awsOnly !== true;
  const inventory = await takeInventory(ctx, undefined, isSeen ? seen : undefined);
  looks.set(ctx.ledger.entries, { config: ctx.config, records, ended: ctx.clock.monotonic(), inventory });
  return inventory;
}

/** From now on things go: the next look is a new one, however soon. */
export function forgetLook({ ledger }: Pick<ReadContext, 'ledger'>): void {
  looks.delete(ledger.entries);
  observations.delete(ledger.entries);
}
