import type { PlatformConfig } from '../../config/config.ts';
import type { ClusterReader, KubernetesObject } from '../../tools/ports.ts';
import { fieldOf, listOf, textOf } from './fields.ts';

/** What a node must be. */
export type ExpectedNode = {
  readonly name: string;
  readonly providerId: string;
};

const uninitialized = [
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.cloudprovider.kubernetes.io/uninitialized',
];

/** Why a Node object is not the node that the topology wants, or undefined when it is (catalogue C9, C20, C25, A22, D16). */
export function nodeProblem(
  config: PlatformConfig,
  expected: ExpectedNode,
  node: KubernetesObject | undefined,
): string | undefined {
  if (node === undefined) return `${expected.name} has not joined`;
  const providerId = textOf(node, 'spec', 'providerID');
  if (providerId !== expected.providerId)
    return `${expected.name} has providerID ${providerId === undefined || providerId === '' ? 'unset' : providerId}, not ${expected.providerId}`;
  for (const [key, value] of Object.entries(config.nodes[expected.name]?.labels ?? {})) {
    if (node.metadata.labels?.[key] !== value) return `${expected.name} lacks the label ${key}=${value}`;
  }
  const kubelet = textOf(node, 'status', 'nodeInfo', 'kubeletVersion');
  if (kubelet !== `v${config.versions.kubernetes}`) return `${expected.name} runs kubelet ${kubelet ?? 'unknown'}`;
  return undefined;
}

/** Why a node that has joined is not ready for pods. */
export function readinessProblem(name: string, node: KubernetesObject): string | undefined {
  const conditions = listOf(node, 'status', 'conditions');
  const condition = (type: string) => conditions.find((one) => fieldOf(one, 'type') === type);
  const ready = condition('Ready');
  if (fieldOf(ready, 'status') !== 'True')
    return `${name} is not Ready: ${textOf(ready, 'message') ?? 'no condition yet'}`;
  if (fieldOf(condition('NetworkUnavailable'), 'status') === 'True') return `${name} has no network yet`;
  const taint = listOf(node, 'spec', 'taints').find((one) => uninitialized.includes(String(fieldOf(one, 'key'))));
  return taint === undefined ? undefined : `${name} is tainted ${String(fieldOf(taint, 'key'))}`;
}

/** All nodes against the topology: the set must be equal, a node too many is a problem as well. */
export async function nodesProblem(
  config: PlatformConfig,
  expected: readonly ExpectedNode[],
  cluster: ClusterReader,
): Promise<string | undefined> {
  const found = new Map(
    (await cluster.list({ apiVersion: 'v1', kind: 'Node' })).map((node) => [node.metadata.name, node]),
  );
  for (const one of expected) {
    const node = found.get(one.name);
    const problem =
      nodeProblem(config, one, node) ?? (node === undefined ? undefined : readinessProblem(one.name, node));
    if (problem !== undefined) return problem;
  }
  const strangers = [...found.keys()].filter((name) => !expected.some((one) => one.name === name));
  return strangers.length === 0
    ? undefined
    : `${strangers.join(', ')} ${strangers.length === 1 ? 'is' : 'are'} in the cluster but not in the topology`;
}
