import type { ClusterReader, KubernetesObject } from '../../tools/ports.ts';
import type { ProbeResult } from '../../engine/types.ts';
import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe } from '../kit.ts';
import { conditionOf, numberOf, textOf } from './fields.ts';

export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly namespace: string;
  readonly name: string;
}

/** Waits until a workload is rolled out; missing objects are waited for, since operators make them later (catalogue D7). */
export const rolledOut = (workload: Workload, within = minutes(10)): PlatformProbe<unknown> => ({
  name: `${workload.kind} ${workload.namespace}/${workload.name} rolled out`,
  every: seconds(10),
  within,
  noProgressFor: minutes(6),
  test: async (ctx) => rolloutOf(await ctx.cluster(), workload),
});

export async function rolloutOf(cluster: ClusterReader, { kind, namespace, name }: Workload): Promise<ProbeResult> {
  const found = await cluster.get({ apiVersion: 'apps/v1', kind, namespace, name });
  if (found === undefined) return { is: 'waiting', because: `${kind} ${namespace}/${name} does not exist yet` };
  if ((numberOf(found, 'status', 'observedGeneration') ?? 0) < (found.metadata.generation ?? 1))
    return { is: 'waiting', because: 'its controller has not seen the new version yet' };
  const verdict =
    kind === 'Deployment' ? deployment(found) : kind === 'StatefulSet' ? statefulSet(found) : daemonSet(found);
  if (verdict.is !== 'waiting') return verdict;
  return { is: 'waiting', because: `${verdict.because}${await stuckPod(cluster, found)}` };
}

/** kstatus' rule for Deployments (cli-utils pkg/kstatus/status/core.go). */
function deployment(object: KubernetesObject): ProbeResult {
  const wanted = numberOf(object, 'spec', 'replicas') ?? 1;
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return {
      is: 'failed',
      because: progressing.message ?? 'its progress deadline has passed',
      next: [describe(object)],
    };
  const { replicas, updated, ready, available } = counts(object);
  if (updated < wanted || replicas > wanted) return { is: 'waiting', because: `${updated}/${wanted} pods updated` };
  if (ready < wanted || available < updated)
    return { is: 'waiting', because: `${Math.min(ready, available)}/${wanted} pods ready` };
  if (conditionOf(object, 'Available')?.status !== 'True') return { is: 'waiting', because: 'not Available yet' };
  return { is: 'ready', because: `${ready}/${wanted} pods ready` };
}

function statefulSet(object: KubernetesObject): ProbeResult {
  const wanted = numberOf(object, 'spec', 'replicas') ?? 1;
  const { replicas, ready } = counts(object);
  if (ready < wanted || replicas !== wanted) return { is: 'waiting', because: `${ready}/${wanted} pods ready` };
  if (textOf(object, 'status', 'currentRevision') !== textOf(object, 'status', 'updateRevision'))
    return { is: 'waiting', because: 'pods of the old revision are still there' };
  return { is: 'ready', because: `${ready}/${wanted} pods ready` };
}

/** Zero matching nodes is not ready here, though kstatus would say so: every DaemonSet of ours has nodes to run on. */
function daemonSet(object: KubernetesObject): ProbeResult {
  const wanted = numberOf(object, 'status', 'desiredNumberScheduled') ?? 0;
  const updated = numberOf(object, 'status', 'updatedNumberScheduled') ?? 0;
  const ready = numberOf(object, 'status', 'numberReady') ?? 0;
  const available = numberOf(object, 'status', 'numberAvailable') ?? 0;
  if (wanted === 0) return { is: 'waiting', because: 'no node matches it yet' };
  if (updated < wanted || ready < wanted || available < wanted)
    return { is: 'waiting', because: `${Math.min(updated, ready, available)}/${wanted} pods ready` };
  return { is: 'ready', because: `${ready}/${wanted} pods ready` };
}

const counts = (object: KubernetesObject) => ({
  replicas: numberOf(object, 'status', 'replicas') ?? 0,
  updated: numberOf(object, 'status', 'updatedReplicas') ?? 0,
  ready: numberOf(object, 'status', 'readyReplicas') ?? 0,
  available: numberOf(object, 'status', 'availableReplicas') ?? 0,
});

/** The first pod that cannot start, in its own words: unschedulable, image pull, crash loop (catalogue D8, D11, D16-D19). */
async function stuckPod(cluster: ClusterReader, workload: KubernetesObject): Promise<string> {
  const labels = labelSelector(workload);
  if (labels === undefined || workload.metadata.namespace === undefined) return '';
  for (const pod of await cluster.list({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: workload.metadata.namespace,
    labels,
  })) {
    const scheduled = conditionOf(pod, 'PodScheduled');
    if (scheduled?.status === 'False') return `; ${pod.metadata.name}: ${scheduled.message ?? 'unschedulable'}`;
    const waiting = waitingContainer(pod);
    if (waiting !== undefined) return `; ${pod.metadata.name}: ${waiting}`;
  }
  return '';
}

function labelSelector(workload: KubernetesObject): string | undefined {
  const spec = workload['spec'] as { selector?: { matchLabels?: Readonly<Record<string, string>> } } | undefined;
  const labels = spec?.selector?.matchLabels;
  return labels === undefined
    ? undefined
    : Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
}

function waitingContainer(pod: KubernetesObject): string | undefined {
  const status = pod['status'] as
    | { containerStatuses?: readonly { state?: { waiting?: { reason?: string; message?: string } } }[] }
    | undefined;
  const waiting = status?.containerStatuses?.find((one) => one.state?.waiting !== undefined)?.state?.waiting;
  if (waiting === undefined || waiting.reason === 'ContainerCreating' || waiting.reason === 'PodInitializing')
    return undefined;
  return [waiting.reason, waiting.message].filter((text) => text !== undefined).join(': ');
}

const describe = (object: KubernetesObject): string =>
  `kubectl -n ${object.metadata.namespace ?? 'default'} describe ${object.kind.toLowerCase()} ${object.metadata.name}`;
