import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyBackup } from './destroy-backup.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyLoadBalancers } from './destroy-load-balancers.ts';
import { destroySnapshots } from './destroy-snapshots.ts';
import { recentState } from './known-evidence.ts';
import { evidenceFor, forgetEnded, rootToDestroy, settleRoot } from './terraform-destroy.ts';

const nothing = { planned: 0 };

/**
 * Makes the destruction of the root `cluster` ready while AWS takes interfaces away: machines that have ended leave the state, and the plan is made, which
 * takes the start of every provider. Nothing in AWS is changed. Whether the plan may be carried out is decided when its turn comes, by a listing of then;
 * Terraform refuses it where the state has moved on, and it is made again. A plan that fails is no failure of this step: its turn will tell.
 */
export const destroyTerraformPlan = stepWhen({
  id: 'destroy-terraform-plan',
  title: 'Terraform destroy (cluster), planned',
  needs: {
    inventory: destroyInventory,
    backup: destroyBackup,
    snapshots: destroySnapshots,
    balancers: destroyLoadBalancers,
  },
  // Of a user's own tree the machines still run, and nobody knows what its plan asks.
  when: (config) => config.teardown?.cleanup === true && config.terraform.dir === undefined,
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(20),
  locks: () => ['terraform/cluster'],
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: async (ctx, { inventory }) => {
    if (inventory.clusterId === '') return { state: 'satisfied', output: nothing, because: 'nothing was ever built' };
    const root = await rootToDestroy(ctx, 'cluster', inventory);
    const resources = await recentState(ctx, root);
    if (resources.length === 0)
      return { state: 'satisfied', output: nothing, because: 'the Terraform state cluster holds nothing' };
    return { state: 'needed', because: `the destruction of ${resources.length} resources can be planned meanwhile` };
  },
  settle: async (ctx, { inventory }) => await settleRoot(ctx, 'cluster', inventory),
  apply: async (ctx, { inventory }) => {
    const root = await rootToDestroy(ctx, 'cluster', inventory);
    try {
      const evidence = await evidenceFor(ctx, inventory);
      const resources = await recentState(ctx, root);
      await forgetEnded(ctx, { root, evidence, resources, findings: [] });
      ctx.note('planning while AWS takes interfaces away');
      const { changes } = await ctx.terraform.planDestroy(root, ctx.signal);
      return { planned: changes.length };
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      ctx.note(`planned when its turn comes: ${error instanceof Error ? error.message : String(error)}`);
      return nothing;
    }
  },
});
