import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyMachines } from './destroy-machines.ts';
import { checkSwept, isNotTerraforms, kindsOfControllers, type Sweeping, sweepCluster } from './sweep-cluster.ts';
import { kindsInTheWay, refuseStrangers } from './sweep-strangers.ts';

/**
 * Sweeps what the cluster's controllers made: nothing is left on which Terraform would wait. What stands in its way and is not ours ends the
 * teardown here, named with its chain, and not after twenty minutes of waiting.
 */
export const destroyLeftovers = stepWhen({
  id: 'destroy-leftovers',
  title: 'What controllers made in AWS',
  needs: { machines: destroyMachines },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(120),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({ environment: config.environment, name: config.name, region: config.region }),
  check: (ctx) =>
    checkSwept(ctx, controllersThings, nothing, {
      satisfied: 'nothing that controllers made is left',
      needed: 'things that controllers made are left',
      refuse: refuseStrangers,
    }),
  apply: async (ctx) => {
    const { removed, findings } = await sweepCluster(ctx, controllersThings);
    refuseStrangers(findings);
    return { removed: removed.length };
  },
});

const nothing = { removed: 0 };
const controllersThings: Sweeping = {
  kinds: kindsOfControllers,
  choose: isNotTerraforms,
  alongside: kindsInTheWay,
};
