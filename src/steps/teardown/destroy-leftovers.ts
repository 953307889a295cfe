import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyLoadBalancers } from './destroy-load-balancers.ts';
import { checkSwept, leftoversOf, sweepCluster } from './sweep-cluster.ts';
import { refuseStrangers } from './sweep-strangers.ts';

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
      refuse: refuseStrangers,
    }),
  apply: async (ctx) => {
    const { removed, findings } = await sweepCluster(ctx, leftoversOf(ctx.config));
    refuseStrangers(findings);
    return { removed: removed.length };
  },
});

const nothing = { removed: 0 };
