import { readOnly } from '../../src/tools/read-only.ts';
import type { ReadContext } from '../../src/steps/kit.ts';
import { takeInventory } from '../../src/steps/teardown/inventory.ts';
import type { Inventory } from '../../src/steps/teardown/inventory-types.ts';
import { portsOf } from './ports.ts';
import type { World } from './world.ts';

/** The product's inventory of a world, taken with eyes only. */
export function lookAt(world: World): Promise<Inventory> {
  const scope = { run: '', step: '', key: '', attempt: 0, signal: new AbortController().signal, note: () => undefined };
  const ctx: ReadContext = { ...readOnly(portsOf(world, 'look', () => true)), config: world.config, ...scope };
  return world.clock.drive(takeInventory(ctx));
}
