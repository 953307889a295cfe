import type { KubernetesObject } from '../../tools/ports.ts';
import { listOf, textOf } from '../probes/fields.ts';
import { minutes, seconds } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroySuspend } from './destroy-suspend.ts';
import { awaitInCloud } from './drain-cloud.ts';
import { describe, drain, explain, type Phase } from './drain-wait.ts';
import { checkDrained, nameOf, openPatiently, passedOver, removeObject } from './drain-world.ts';
import { awaitingGroups, balancersLeft, entranceKinds, entrancesIn, judge, stacksOf } from './entrances.ts';
import { patient } from './sweep-patience.ts';

/**
 * Ingresses, Services of type LoadBalancer, Gateways and TargetGroupBindings go, and what AWS stands them for, while the controllers run that know
 * which security groups and rules belong to it. One of which only a security group is left in AWS is left to the sweep: machines may end while AWS
 * takes the interfaces away. The IngressClass stays: without it the controller no longer serves its Ingresses.
 */
export const destroyEntrances = stepWhen({
  id: 'destroy-entrances',
  title: 'Load balancers',
  needs: { inventory: destroyInventory, suspend: destroySuspend },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(30),
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: (ctx, { inventory }) =>
    checkDrained(patient(ctx), inventory, { leftToSweep: [] as readonly string[] }, async (cluster) => {
      const objects = await entrancesIn(cluster, await entranceKinds(cluster));
      const quiet = await awaitingGroups(patient(ctx).estate, inventory, objects);
      const left = await explain(cluster, objects, { judge: judgeWith(() => quiet) });
      const waiting = left.filter(({ passed }) => passed !== true);
      if (waiting.length === 0) {
        const output = { leftToSweep: left.map(describe) };
        const because =
          left.length === 0 ? 'no entrance is left' : `left to the sweep: ${output.leftToSweep.join(', ')}`;
        return { state: 'satisfied', output, because };
      }
      const preview = waiting.map(({ object }) => `delete ${nameOf(object)}${hostnameOf(object)}`);
      return { state: 'needed', because: `${waiting.length} entrances are left`, preview };
    }),
  apply: async (ctx, { inventory }) => {
    if (passedOver(ctx.config, inventory) !== undefined) return { leftToSweep: [] };
    const cluster = await openPatiently(patient(ctx), inventory);
    const kinds = await entranceKinds(cluster);
    const stacks = stacksOf(await entrancesIn(cluster, kinds));
    let [quiet, asked]: [ReadonlySet<string>, number] = [new Set(), ctx.clock.monotonic()];
    const round = async (): Promise<readonly KubernetesObject[]> => {
      for (const object of await entrancesIn(cluster, kinds))
        await removeObject(ctx, cluster, object, `entrance of cluster ${inventory.clusterId}${hostnameOf(object)}`);
      const left = await entrancesIn(cluster, kinds);
      if (ctx.clock.monotonic() - asked < betweenLooks) return left;
      quiet = await awaitingGroups(patient(ctx).estate, inventory, left);
      asked = ctx.clock.monotonic();
      return left;
    };
    const passed = await drain(ctx, cluster, { what: 'entrances', round, judge: judgeWith(() => quiet) });
    const theirs = stacksOf(passed.map(({ object }) => object));
    const awaited = new Set([...stacks].filter((stack) => !theirs.has(stack)));
    const inCloud = await awaitInCloud(ctx, 'load balancers', () => balancersLeft(ctx.estate, inventory, awaited));
    return { leftToSweep: [...passed.map(describe), ...inCloud] };
  },
});

/** The first look too comes so late: before that there is a load balancer. */
const betweenLooks = seconds(1);

/** `quiet`: the uids of those whose controller waits for AWS alone. */
const judgeWith =
  (quiet: () => ReadonlySet<string>): NonNullable<Phase['judge']> =>
  (object, seen) =>
    quiet().has(object.metadata.uid ?? '')
      ? {
          because: 'its load balancer is gone, its security group only waits for interfaces that AWS takes away',
          passed: true,
        }
      : judge(object, seen);

const hostnameOf = (object: KubernetesObject): string => {
  const hostname = listOf(object, 'status', 'loadBalancer', 'ingress').map((one) => textOf(one, 'hostname'))[0];
  return hostname === undefined ? '' : ` at ${hostname}`;
};
