import type { ClusterReader, KubernetesObject } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroySuspend } from './destroy-suspend.ts';
import { drain } from './drain-wait.ts';
import { checkDrained, nameOf, openPatiently, passedOver, removeObject } from './drain-world.ts';

/** What a RabbitMQ cluster holds (queues, users, policies ...) is deleted through the broker; it goes before the broker, the broker before its operator. */
const group = 'rabbitmq.com/';
const broker = 'RabbitmqCluster';

/**
 * Resources that an operator must let go of, while it runs. Only those whose operator is known to delete nothing outside of the cluster's own: a
 * resource of another operator may stand for somebody's database, and stays, and dies with the cluster.
 */
export const destroyOperators = stepWhen({
  id: 'destroy-operators',
  title: 'Resources of operators',
  needs: { inventory: destroyInventory, suspend: destroySuspend },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(50),
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: (ctx, { inventory }) =>
    checkDrained(ctx, inventory, { gone: true }, async (cluster) => {
      const found = await operands(cluster, await operandKinds(cluster));
      if (found.length === 0)
        return { state: 'satisfied', output: { gone: true }, because: 'no resource of an operator is left' };
      return {
        state: 'needed',
        because: `${found.length} resources of operators are left`,
        preview: found.map((object) => `delete ${nameOf(object)}`),
      };
    }),
  apply: async (ctx, { inventory }) => {
    if (passedOver(ctx.config, inventory) !== undefined) return { gone: true };
    const cluster = await openPatiently(ctx, inventory);
    const because = `operand in cluster ${inventory.clusterId}, before its operator`;
    const kinds = await operandKinds(cluster);
    const round = (isNow: (kind: string) => boolean) => {
      const now = kinds.filter(({ kind }) => isNow(kind));
      return async (): Promise<readonly KubernetesObject[]> => {
        for (const object of await operands(cluster, now)) await removeObject(ctx, cluster, object, because);
        return operands(cluster, now);
      };
    };
    await drain(ctx, cluster, { what: 'RabbitMQ topology objects', round: round((kind) => kind !== broker) });
    await drain(ctx, cluster, { what: 'RabbitMQ clusters', round: round((kind) => kind === broker) });
    return { gone: true };
  },
});

type Kinds = readonly { readonly apiVersion: string; readonly kind: string }[];

async function operandKinds(cluster: ClusterReader): Promise<Kinds> {
  return (await cluster.kinds()).kinds.filter(({ apiVersion }) => apiVersion.startsWith(group));
}

async function operands(cluster: ClusterReader, kinds: Kinds): Promise<readonly KubernetesObject[]> {
  return (await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })))).flat();
}
