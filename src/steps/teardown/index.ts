import type { Step } from '../../engine/types.ts';
import { destroyBackup } from './destroy-backup.ts';
import { destroyEntrances } from './destroy-entrances.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyLeftovers } from './destroy-leftovers.ts';
import { destroyLoadBalancers } from './destroy-load-balancers.ts';
import { destroyMachines } from './destroy-machines.ts';
import { destroyOperators } from './destroy-operators.ts';
import { destroyOrphans } from './destroy-orphans.ts';
import { destroyReleases } from './destroy-releases.ts';
import { destroySnapshots } from './destroy-snapshots.ts';
import { destroySuspend } from './destroy-suspend.ts';
import { destroyTerraformCluster } from './destroy-terraform-cluster.ts';
import { destroyTerraformFoundation } from './destroy-terraform-foundation.ts';
import { destroyTerraformPlan } from './destroy-terraform-plan.ts';
import { destroyVerify } from './destroy-verify.ts';
import { destroyWorkloads } from './destroy-workloads.ts';

/** A teardown, from a platform to nothing. Read it top to bottom; the edges are in each step's `needs`. */
export const teardown: readonly Step<unknown>[] = [
  // Everything that is ours is written down before its proof can go, and saved where asked.
  destroyInventory,
  destroyBackup,
  destroySnapshots,

  // Through Kubernetes, while it answers: what controllers made, they take away best.
  destroySuspend,
  destroyOperators,
  destroyEntrances,
  destroyWorkloads,
  destroyReleases,

  // In AWS, by fresh listings: nothing may be left on which Terraform would wait.
  destroyMachines,
  destroyLoadBalancers,
  destroyLeftovers,
  destroyTerraformFoundation,
  destroyTerraformPlan,
  destroyTerraformCluster,
  destroyOrphans,

  destroyVerify,
];
