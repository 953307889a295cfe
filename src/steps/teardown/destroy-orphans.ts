import type { PlatformConfig } from '../../config/config.ts';
import { removableKinds } from '../../tools/ports-estate.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyLeftovers } from './destroy-leftovers.ts';
import { destroyTerraformCluster } from './destroy-terraform-cluster.ts';
import { destroyTerraformFoundation } from './destroy-terraform-foundation.ts';
import { checkSwept, isNotTerraforms, kindsOfControllers, type Sweeping, sweepCluster } from './sweep-cluster.ts';

/**
 * Removes what is proven ours and stands in no Terraform state: made by an apply that died before it wrote the state (catalogue B13), or left
 * by a state that was lost. Of a user's own tree only what controllers made: the rest is its own.
 */
export const destroyOrphans = stepWhen({
  id: 'destroy-orphans',
  title: 'Ours, and in no Terraform state',
  needs: {
    leftovers: destroyLeftovers,
    cluster: destroyTerraformCluster,
    foundation: destroyTerraformFoundation,
  },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(120),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({ environment: config.environment, name: config.name, region: config.region }),
  check: (ctx) =>
    checkSwept(ctx, orphansOf(ctx.config), nothing, {
      satisfied: 'nothing of ours is left outside the Terraform states',
      needed: 'things of ours stand in no Terraform state',
    }),
  apply: async (ctx) => {
    const { removed } = await sweepCluster(ctx, orphansOf(ctx.config));
    return { removed: removed.length };
  },
});

const nothing = { removed: 0 };

const orphansOf = ({ terraform }: PlatformConfig): Sweeping => ({
  kinds: terraform.dir === undefined ? removableKinds : kindsOfControllers,
  choose: isNotTerraforms,
});
