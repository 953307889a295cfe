import type { KubernetesObject } from '../../../tools/ports.ts';
import { fieldOf, listOf, numberOf, textOf } from '../shared/fields.ts';

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message?: string;
}

/**
 * The operator's conditions with what makes them treacherous (internal/status): they carry no generation; AllReplicasReady compares
 * ready pods with the wanted number and nothing else, so it stays True while a new version rolls out; ClusterAvailable counts any
 * address behind the Service, ready or not.
 */
export function conditions(
  set: KubernetesObject | undefined,
  slices: readonly KubernetesObject[],
  trouble: string | undefined,
): readonly Condition[] {
  return [replicas(set), available(slices), warnings(set), reconciled(trouble)];
}

function replicas(set: KubernetesObject | undefined): Condition {
  const type = 'AllReplicasReady';
  if (set === undefined)
    return { type, status: 'Unknown', reason: 'MissingStatefulSet', message: 'Could not find StatefulSet' };
  const wanted = numberOf(set, 'spec', 'replicas') ?? 1;
  const ready = numberOf(set, 'status', 'readyReplicas') ?? 0;
  return wanted <= ready
    ? { type, status: 'True', reason: 'AllPodsAreReady' }
    : { type, status: 'False', reason: 'NotAllPodsReady', message: `${ready}/${wanted} Pods ready` };
}

function available(slices: readonly KubernetesObject[]): Condition {
  const type = 'ClusterAvailable';
  const first = slices[0];
  if (first === undefined)
    return {
      type,
      status: 'Unknown',
      reason: 'CouldNotRetrieveEndpoints',
      message: 'Could not verify available service endpoints',
    };
  return listOf(first, 'endpoints').some((one) => listOf(one, 'addresses').length > 0)
    ? { type, status: 'True', reason: 'AtLeastOneEndpointAvailable' }
    : { type, status: 'False', reason: 'NoEndpointsAvailable', message: 'The service has no endpoints available' };
}

function warnings(set: KubernetesObject | undefined): Condition {
  const type = 'NoWarnings';
  const container = listOf(set, 'spec', 'template', 'spec', 'containers')[0];
  const request = textOf(container, 'resources', 'requests', 'memory');
  const limit = textOf(container, 'resources', 'limits', 'memory');
  return request === limit
    ? { type, status: 'True', reason: 'NoWarnings' }
    : {
        type,
        status: 'False',
        reason: 'MemoryRequestAndLimitDifferent',
        message: 'RabbitMQ container memory resource request and limit must be equal',
      };
}

function reconciled(trouble: string | undefined): Condition {
  const type = 'ReconcileSuccess';
  return trouble === undefined
    ? { type, status: 'True', reason: 'Success', message: 'Finish reconciling' }
    : { type, status: 'False', reason: 'Error', message: trouble };
}

/** The status to write; undefined when it would be the same. The generation is written on success only. */
export function nextStatus(
  cluster: KubernetesObject,
  found: readonly Condition[],
  now: string,
): Readonly<Record<string, unknown>> | undefined {
  const before = listOf(cluster, 'status', 'conditions');
  const same = (a: unknown, b: Condition): boolean =>
    textOf(a, 'status') === b.status &&
    textOf(a, 'reason') === b.reason &&
    (textOf(a, 'message') ?? '') === (b.message ?? '');
  const next = found.map((condition) => {
    const old = before.find((one) => textOf(one, 'type') === condition.type);
    if (old !== undefined && same(old, condition)) return old;
    const unchanged = old !== undefined && textOf(old, 'status') === condition.status;
    return { ...condition, lastTransitionTime: unchanged ? textOf(old, 'lastTransitionTime') : now };
  });
  const success = found.some(({ type, status }) => type === 'ReconcileSuccess' && status === 'True');
  const all = found.every(({ type, status }) => status === 'True' || type === 'NoWarnings');
  const { name, namespace = 'default', generation } = cluster.metadata;
  const status = {
    conditions: next,
    ...(success
      ? {
          observedGeneration: generation,
          binding: { name: `${name}-default-user` },
          defaultUser: {
            secretReference: {
              name: `${name}-default-user`,
              namespace,
              keys: { username: 'username', password: 'password' },
            },
            serviceReference: { name, namespace },
          },
        }
      : {}),
    ...(all ? { quorumStatus: 'ok' } : {}),
  };
  const unchanged =
    next.every((one, index) => one === before[index]) &&
    (!success || numberOf(cluster, 'status', 'observedGeneration') === generation) &&
    (!all || fieldOf(cluster, 'status', 'quorumStatus') === 'ok');
  return unchanged ? undefined : status;
}

/** While paused by its label the operator says nothing but this. */
export const paused: Condition = {
  type: 'NoWarnings',
  status: 'False',
  reason: 'reconciliation paused',
  message: 'Reconciliation is paused by the label rabbitmq.com/pauseReconciliation',
};
