import type { KubernetesObject } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe } from '../kit.ts';
import { conditionOf, numberOf } from './fields.ts';
import { rolloutOf } from './workloads.ts';

const cluster = { namespace: 'messaging', name: 'rabbitmq' };

/**
 * RabbitmqCluster by its own conditions and by its StatefulSet. kstatus calls it Current at once (it has no Ready);
 * its conditions carry no generation and go stale in a rolling update; observedGeneration is written only on success.
 * Source: cluster-operator internal/status and internal/controller.
 */
export const rabbitmqReady: PlatformProbe<unknown> = {
  name: 'RabbitMQ cluster ready',
  every: seconds(10),
  within: minutes(15),
  noProgressFor: minutes(8),
  test: async (ctx) => {
    const api = await ctx.cluster();
    const found = await api.get({ apiVersion: 'rabbitmq.com/v1beta1', kind: 'RabbitmqCluster', ...cluster });
    if (found === undefined) return { is: 'waiting', because: 'the RabbitmqCluster does not exist yet' };
    if (found.metadata.labels?.['rabbitmq.com/pauseReconciliation'] === 'true')
      return {
        is: 'failed',
        because: 'reconciliation is paused by a label',
        next: ['kubectl -n messaging label rabbitmqcluster rabbitmq rabbitmq.com/pauseReconciliation-'],
      };
    const waiting = waitingFor(found);
    if (waiting !== undefined) return waiting;
    const rollout = await rolloutOf(api, {
      kind: 'StatefulSet',
      namespace: cluster.namespace,
      name: `${cluster.name}-server`,
    });
    if (rollout.is !== 'ready') return rollout;
    const warnings = conditionOf(found, 'NoWarnings');
    return {
      is: 'ready',
      because:
        warnings?.status === 'False'
          ? `ready, with a warning: ${warnings.message ?? warnings.reason ?? ''}`
          : (rollout.because ?? 'ready'),
    };
  },
};

function waitingFor(found: KubernetesObject) {
  const reconciled = conditionOf(found, 'ReconcileSuccess');
  if (reconciled?.status === 'False') {
    const because = `the operator cannot reconcile it: ${reconciled.message ?? reconciled.reason ?? 'no reason given'}`;
    return reconciled.reason === 'InvalidConfiguration'
      ? ({ is: 'failed', because } as const)
      : ({ is: 'waiting', because } as const);
  }
  for (const type of ['AllReplicasReady', 'ClusterAvailable', 'ReconcileSuccess']) {
    const condition = conditionOf(found, type);
    if (condition?.status !== 'True')
      return {
        is: 'waiting',
        because: `${type} is ${condition?.status ?? 'not set'}${condition?.message === undefined ? '' : `: ${condition.message}`}`,
      } as const;
  }
  const observed = numberOf(found, 'status', 'observedGeneration');
  if (observed !== found.metadata.generation)
    return {
      is: 'waiting',
      because: `the operator has seen generation ${observed ?? 'none'} of ${found.metadata.generation ?? 1}`,
    } as const;
  return undefined;
}
