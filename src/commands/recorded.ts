import type { EnvironmentState } from '../engine/fold.ts';
import { PlatformError } from '../errors.ts';
import type { Inventory } from '../steps/inventory-files.ts';
import type { Environment } from './environment.ts';

/** What the journals say about a platform that stands. */
export interface Recorded {
  readonly state: EnvironmentState;
  readonly clusterId: string;
  readonly account: string;
  readonly inventory: Inventory;
  /** Whether a cluster was made whose identity is known. */
  readonly hasCluster: boolean;
}

/** The recorded facts of an environment. NEEDS_NOT_MET where nothing was built yet. */
export async function recordedFacts({ journals, config }: Environment): Promise<Recorded> {
  const [{ readJournals }, { foldJournals }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/fold.ts'),
  ]);
  const state = foldJournals(await readJournals(journals));
  const output = (step: string): unknown => state.steps.get(step)?.output;
  const backend = output('state-backend') as { readonly clusterId: string; readonly account: string } | undefined;
  const inventory = output('inventory') as Inventory | undefined;
  if (backend === undefined || inventory === undefined)
    throw new PlatformError('NEEDS_NOT_MET', {
      message: `nothing of ${config.environment} is on record here: no machine was built from this folder yet`,
      next: [
        `platform up --env ${config.environment} builds it, or finds what another machine has built`,
        'platform runs shows what was done here',
      ],
    });
  return { state, ...backend, inventory, hasCluster: output('control-plane') !== undefined };
}
