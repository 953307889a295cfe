import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyMachines } from './destroy-machines.ts';
import { checkSwept, isNotTerraforms, type Sweeping, sweepCluster } from './sweep-cluster.ts';

const nothing = { removed: 0 };

/**
 * Sweeps load balancers and target groups that controllers made, once no controller runs that would make them again. Their interfaces outlive them
 * by minutes: from here on what needs only the load balancers gone (certificate, Elastic IPs) does not wait for those.
 */
export const destroyLoadBalancers = stepWhen({
  id: 'destroy-load-balancers',
  title: 'Load balancers that are left',
  needs: { machines: destroyMachines },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(60),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({ environment: config.environment, name: config.name, region: config.region }),
  check: (ctx) =>
    checkSwept(ctx, balancers, nothing, {
      satisfied: 'no load balancer of ours is left',
      needed: 'load balancers and target groups are left',
    }),
  apply: async (ctx) => {
    const { removed } = await sweepCluster(ctx, balancers);
    return { removed: removed.length };
  },
});

const balancers: Sweeping = { kinds: ['load-balancer', 'target-group'], choose: isNotTerraforms };
