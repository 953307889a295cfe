import type { KubernetesObject } from '../../../tools/ports.ts';
import { addFinalizer, dropFinalizer, runningWorkload } from '../shared/controller.ts';
import type { Controller, Tools } from '../shared/controller.ts';
import { listOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';
import { childName, children, secrets } from './children.ts';
import { conditions, nextStatus, paused } from './conditions.ts';

const finalizer = 'deletion.finalizers.rabbitmqclusters.rabbitmq.com';

/** Stand-in for the RabbitMQ cluster operator; BEHAVIOUR.md says what it leaves out. */
export function rabbitmqOperator(): Controller {
  // What was applied for which generation: only so that nothing is written every second.
  const applied = new Map<string, { readonly generation: number | undefined; readonly at: number }>();
  const resync = 60_000;

  const reconcile = async (tools: Tools, cluster: KubernetesObject): Promise<string | undefined> => {
    if (tools.failure !== undefined) return tools.failure;
    const { uid = '', generation } = cluster.metadata;
    const last = applied.get(uid);
    const current = last !== undefined && last.generation === generation && tools.clock.monotonic() - last.at < resync;
    const set = await serverOf(tools, cluster);
    if (current && set !== undefined && !tools.recreates) return undefined;
    try {
      for (const secret of secrets(cluster)) await tools.kubernetes.create(secret);
      for (const child of children(cluster)) await tools.kubernetes.apply(child);
      applied.set(uid, { generation, at: tools.clock.monotonic() });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  return {
    name: 'rabbitmq',
    userAgent: 'rabbitmq-cluster-operator',
    async round(tools) {
      const { kubernetes, clock, note } = tools;
      if (
        (await runningWorkload(kubernetes, 'Deployment', 'rabbitmq-system', 'rabbitmq-cluster-operator')) === undefined
      )
        return;
      for (const cluster of await kubernetes.list('rabbitmq.com/v1beta1', 'RabbitmqCluster')) {
        if (cluster.metadata.deletionTimestamp !== undefined) {
          if (tools.refusal === undefined) await remove(tools, cluster);
          continue;
        }
        const now = new Date(clock.now()).toISOString().replace(/\.\d+/, '');
        if (cluster.metadata.labels?.['rabbitmq.com/pauseReconciliation'] === 'true') {
          const others = listOf(cluster, 'status', 'conditions').filter(
            (one) => (one as { type?: string }).type !== 'NoWarnings',
          );
          if (!JSON.stringify(listOf(cluster, 'status', 'conditions')).includes(paused.reason))
            await kubernetes.patch(
              referenceTo(cluster),
              { status: { conditions: [...others, { ...paused, lastTransitionTime: now }] } },
              'status',
            );
          continue;
        }
        await addFinalizer(kubernetes, cluster, finalizer);
        const trouble = await reconcile(tools, cluster);
        if (trouble !== undefined) note(trouble);
        const slices = (
          await kubernetes.list('discovery.k8s.io/v1', 'EndpointSlice', cluster.metadata.namespace)
        ).filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === cluster.metadata.name);
        const status = nextStatus(cluster, conditions(await serverOf(tools, cluster), slices, trouble), now);
        if (status !== undefined) await kubernetes.patch(referenceTo(cluster), { status }, 'status');
      }
    },
  };
}

const serverOf = ({ kubernetes }: Tools, cluster: KubernetesObject): Promise<KubernetesObject | undefined> =>
  kubernetes.get({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    namespace: cluster.metadata.namespace ?? 'default',
    name: childName(cluster, 'server'),
  });

/** Pods are told not to wait for their queues, the StatefulSet goes, then the cluster is let go; claims and the rest follow by their owner. */
async function remove(tools: Tools, cluster: KubernetesObject): Promise<void> {
  const { kubernetes, note } = tools;
  if (cluster.metadata.finalizers?.includes(finalizer) !== true) return;
  const set = await serverOf(tools, cluster);
  if (set !== undefined) {
    for (const pod of await kubernetes.list('v1', 'Pod', cluster.metadata.namespace))
      if (pod.metadata.labels?.['app.kubernetes.io/name'] === cluster.metadata.name)
        await kubernetes.patch(referenceTo(pod), { metadata: { labels: { skipPreStopChecks: 'true' } } });
    await kubernetes.remove(referenceTo(set));
  }
  await dropFinalizer(kubernetes, cluster, finalizer);
  note(`let go of ${cluster.metadata.name}`);
}
