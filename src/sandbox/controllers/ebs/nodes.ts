import { csiNodeObject } from '../../control-plane/node-object.ts';
import type { KubernetesObject } from '../../../tools/ports.ts';
import type { Tools } from '../shared/controller.ts';
import { conditionStatus, listOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';

export const driver = 'ebs.csi.aws.com';

/**
 * Says on each node's CSINode whether the driver is registered there: while its pod of the DaemonSet ebs-csi-node is ready. That is
 * the kubelet's work on a real machine, with the zone label that the driver reports.
 */
export async function registerDriver(
  { kubernetes, note }: Tools,
  nodes: readonly KubernetesObject[],
): Promise<readonly KubernetesObject[]> {
  const [pods, present] = await Promise.all([
    kubernetes.list('v1', 'Pod', 'kube-system'),
    kubernetes.list('storage.k8s.io/v1', 'CSINode'),
  ]);
  const running = new Set(
    pods
      .filter(({ metadata }) => metadata.labels?.['app'] === 'ebs-csi-node' && metadata.deletionTimestamp === undefined)
      .filter((pod) => conditionStatus(pod, 'Ready') === 'True')
      .map((pod) => textOf(pod, 'spec', 'nodeName')),
  );
  for (const node of nodes) {
    const { name } = node.metadata;
    const live = present.find((one) => one.metadata.name === name);
    const others = listOf(live, 'spec', 'drivers').filter((one) => textOf(one, 'name') !== driver);
    const registered = listOf(live, 'spec', 'drivers').length > others.length;
    const wanted = running.has(name);
    if (wanted === registered) continue;
    const made = csiNodeObject({ name, providerId: textOf(node, 'spec', 'providerID') ?? '' }, driver);
    const drivers = [...others, ...(wanted ? listOf(made, 'spec', 'drivers') : [])];
    if (live !== undefined) await kubernetes.patch(referenceTo(live), { spec: { drivers } });
    else
      await kubernetes.create({
        ...made,
        metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid }] },
      } as KubernetesObject);
    const zone = node.metadata.labels?.['topology.kubernetes.io/zone'];
    if (wanted && zone !== undefined)
      await kubernetes.patch(referenceTo(node), { metadata: { labels: { [`topology.${driver}/zone`]: zone } } });
    note(`driver ${wanted ? 'registered' : 'gone'} on ${name}`);
  }
  return nodes.filter(({ metadata }) => running.has(metadata.name));
}
