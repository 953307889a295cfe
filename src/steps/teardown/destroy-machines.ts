import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyReleases } from './destroy-releases.ts';
import { checkSwept, type Sweeping, sweepCluster } from './sweep-cluster.ts';

const nothing: { readonly terminated: readonly string[] } = { terminated: [] };

/**
 * Terminates every instance that is proven ours, also those that Terraform knows, and waits until AWS has ended them: from then on nothing
 * that runs can make anything again, and volumes, interfaces and addresses are free. Machines of a user's own tree are left to it.
 */
export const destroyMachines = stepWhen({
  id: 'destroy-machines',
  title: 'Machines',
  needs: { inventory: destroyInventory, releases: destroyReleases },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(60),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: async (ctx) => {
    if (ctx.config.terraform.dir !== undefined)
      return {
        state: 'satisfied',
        output: nothing,
        because: 'the machines are those of your own tree: Terraform ends them',
      };
    return checkSwept(ctx, instances, nothing, {
      satisfied: 'no machine of ours runs',
      needed: 'machines of ours run',
    });
  },
  apply: async (ctx) => {
    if (ctx.config.terraform.dir !== undefined) return nothing;
    const { removed } = await sweepCluster(ctx, instances);
    return { terminated: removed.map(({ id }) => id) };
  },
});

const instances: Sweeping = { kinds: ['instance'], choose: () => true };
