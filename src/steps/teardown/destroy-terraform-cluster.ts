import { minutes } from '../durations.ts';
import { step } from '../kit.ts';
import { destroyBackup } from './destroy-backup.ts';
import { destroySnapshots } from './destroy-snapshots.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyLeftovers } from './destroy-leftovers.ts';
import { destroyTerraformPlan } from './destroy-terraform-plan.ts';
import { recentState } from './known-evidence.ts';
import { refuseLeftovers } from './sweep-strangers.ts';
import { destroyRoot, forgetEnded, lookAtRoot, rootToDestroy, settleRoot } from './terraform-destroy.ts';
import { everythingLeft } from './terraform-stall.ts';

/** Network, firewall, role and key: the root `cluster`, or the user's own tree by their own Terraform. Nothing of others holds it by now. */
export const destroyTerraformCluster = step({
  id: 'destroy-terraform-cluster',
  title: 'Terraform destroy (cluster)',
  needs: {
    inventory: destroyInventory,
    backup: destroyBackup,
    snapshots: destroySnapshots,
    leftovers: destroyLeftovers,
    plan: destroyTerraformPlan,
  },
  repeat: 'safe',
  // A cut Terraform leaves what it was deleting in the state, so that it only costs a second round.
  onCancel: 'drain',
  timeout: minutes(60),
  noProgressFor: minutes(10),
  locks: () => ['terraform/cluster'],
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: async (ctx, { inventory }) => {
    if (inventory.clusterId === '')
      return { state: 'satisfied', output: { destroyed: 0 }, because: 'nothing was ever built' };
    const root = await rootToDestroy(ctx, 'cluster', inventory);
    const resources = await recentState(ctx, root);
    if (resources.length === 0)
      return { state: 'satisfied', output: { destroyed: 0 }, because: 'the Terraform state cluster holds nothing' };
    const preview = resources.map(({ address }) => `delete ${address}`);
    return { state: 'needed', because: `the Terraform state cluster holds ${resources.length} resources`, preview };
  },
  settle: async (ctx, { inventory }) => await settleRoot(ctx, 'cluster', inventory),
  apply: async (ctx, { inventory }) => {
    const look = await forgetEnded(ctx, await lookAtRoot(ctx, 'cluster', inventory));
    // With --cleanup the sweep has proven it.
    if (ctx.config.teardown?.cleanup !== true && !look.evidence.bringYourOwn)
      refuseLeftovers({ findings: await everythingLeft(ctx, look.evidence) });
    return { destroyed: await destroyRoot(ctx, look, look.resources) };
  },
});
