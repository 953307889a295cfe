import { isPlatformError, PlatformError } from '../../errors.ts';
import type { ClusterReader, ClusterWriter, KubernetesObject } from '../../tools/ports.ts';
import type { StepContext } from '../kit.ts';
import { fieldOf, listOf, textOf } from '../probes/fields.ts';
import { pauseAfter, stopIfAborted } from '../teardown/wait.ts';

const nameOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;
const ownerOf = (pod: KubernetesObject): unknown =>
  listOf(pod, 'metadata', 'ownerReferences').find((one) => fieldOf(one, 'controller') === true);

/** Pods of a node that must leave before it may go: not those that a DaemonSet or the kubelet itself puts there, nor those that have ended. */
export async function podsToMove(cluster: ClusterReader, node: string): Promise<readonly KubernetesObject[]> {
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod' });
  return pods.filter(
    (pod) =>
      textOf(pod, 'spec', 'nodeName') === node &&
      !['Succeeded', 'Failed'].includes(textOf(pod, 'status', 'phase') ?? '') &&
      textOf(ownerOf(pod), 'kind') !== 'DaemonSet' &&
      fieldOf(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror') === undefined,
  );
}

/** Pods that nothing makes anew: with the node they are gone for good. */
export const barePods = (pods: readonly KubernetesObject[]): readonly string[] =>
  pods.filter((pod) => ownerOf(pod) === undefined).map(nameOf);

/**
 * Moves the pods of a node elsewhere, as disruption budgets allow. NOT_READY_IN_TIME, naming each pod and what keeps it, when they have not left within
 * the budget; the node stays closed for new ones then.
 */
export async function drainNode(
  ctx: StepContext,
  cluster: ClusterWriter,
  node: string,
  within: number,
): Promise<number> {
  const since = ctx.clock.monotonic();
  const seen = new Set<string>();
  let said = '';
  let quiet = since;
  for (;;) {
    stopIfAborted(ctx.signal);
    const pods = await podsToMove(cluster, node);
    const blocked = new Map<string, string>();
    for (const pod of pods) {
      seen.add(nameOf(pod));
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const { namespace = 'default', name, uid = '' } = pod.metadata;
      const answer = await cluster.evict({ namespace, name, uid }).catch((error: unknown) => {
        // Asked again in the next round, of the pods that are there then.
        if (isPlatformError(error) && error.code === 'UNREACHABLE')
          return { is: 'blocked', because: error.message } as const;
        throw error;
      });
      if (answer.is === 'blocked') blocked.set(nameOf(pod), answer.because);
    }
    if (pods.length === 0) return seen.size;
    const texts = pods.map((pod) => `${nameOf(pod)} (${blocked.get(nameOf(pod)) ?? 'is leaving'})`);
    const now = ctx.clock.monotonic();
    if (now - since >= within)
      throw new PlatformError('NOT_READY_IN_TIME', {
        message: `${pods.length} pods have not left ${node} within ${within / 60_000} minutes: ${texts.join('; ')}`,
        next: [
          'a budget that allows nobody to leave: kubectl get poddisruptionbudgets -A; make room for one more, or change it',
          `then type the same command again, with more time if need be: --drain-within MINUTES`,
          `or leave it: kubectl uncordon ${node}`,
        ],
        facts: { node, pods: pods.length },
      });
    if (texts.join() !== said) [said, quiet] = [texts.join(), now];
    ctx.note(`${pods.length} pods on ${node}: ${texts.slice(0, 3).join('; ')}${texts.length > 3 ? ' ...' : ''}`);
    await ctx.clock.sleep(pauseAfter(now - quiet), ctx.signal);
  }
}
