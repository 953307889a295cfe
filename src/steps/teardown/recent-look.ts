import type { PlatformConfig } from '../../config/config.ts';
import { seconds } from '../durations.ts';
import type { ReadContext } from '../kit.ts';
import { takeInventory } from './inventory.ts';
import type { Inventory } from './inventory-types.ts';

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
  const inventory = await takeInventory(ctx);
  looks.set(ctx.ledger.entries, { config: ctx.config, records, ended: ctx.clock.monotonic(), inventory });
  return inventory;
}

/** From now on things go: the next look is a new one, however soon. */
export function forgetLook({ ledger }: Pick<ReadContext, 'ledger'>): void {
  looks.delete(ledger.entries);
}
