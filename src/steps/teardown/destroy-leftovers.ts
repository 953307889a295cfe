import type { PlatformConfig } from '../../config/config.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyLoadBalancers } from './destroy-load-balancers.ts';
import type { Finding } from './inventory-types.ts';
import { checkSwept, kindsOfControllers, leftoversOf, sweepCluster } from './sweep-cluster.ts';
import { refuseForgotten, refuseStrangers } from './sweep-strangers.ts';

/**
 * Sweeps what the cluster's controllers made, and what of the network stands in no state: nothing is left on which Terraform would wait. What stands in its way and is not ours ends the
 * teardown here, named with its chain, and not after twenty minutes of waiting.
 */
export const destroyLeftovers = stepWhen({
  id: 'destroy-leftovers',
  title: 'What Terraform does not know',
  needs: { balancers: destroyLoadBalancers },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(120),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({ environment: config.environment, name: config.name, region: config.region }),
  check: (ctx) =>
    checkSwept(ctx, leftoversOf(ctx.config), nothing, {
      satisfied: 'nothing that Terraform does not know is left',
      needed: 'things that Terraform does not know are left',
      refuse: (findings) => refuseWhatStands(findings, ctx.config),
    }),
  apply: async (ctx) => {
    const { removed, findings } = await sweepCluster(ctx, leftoversOf(ctx.config));
    refuseWhatStands(findings, ctx.config);
    return { removed: removed.length };
  },
});

function refuseWhatStands(findings: readonly Finding[], { terraform }: PlatformConfig): void {
  refuseStrangers(findings);
  if (terraform.dir !== undefined) refuseForgotten(findings, kindsOfControllers);
}

const nothing = { removed: 0 };
