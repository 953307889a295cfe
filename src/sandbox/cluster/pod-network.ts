import { join } from 'node:path';
import { textFiles } from '../../tools/files.ts';
import type { KubernetesObject } from '../../tools/ports.ts';
import { objectsOf } from '../../tools/templates.ts';
import { networkAnnotation } from '../control-plane/node-object.ts';
import type { RunningCluster } from './far-cluster.ts';

const installations = '/apis/operator.tigera.io/v1/installations/default';
const agents = [
  '/apis/apps/v1/namespaces/calico-system/daemonsets/calico-node',
  '/apis/apps/v1/namespaces/kube-flannel/daemonsets/kube-flannel-ds',
];

/**
 * What happens by itself once a pod network was applied: the Calico operator makes its parts of the Installation and
 * reports on them, and a machine's network is there when an agent is to run on it. Called again and again.
 */
export function podNetwork(program: string): (cluster: RunningCluster) => Promise<void> {
  return async (cluster) => {
    const installation = await cluster.get(installations);
    if (installation !== undefined) await operate(cluster, installation, program);
    const found = await Promise.all(agents.map((path) => cluster.get(path)));
    if (found.every((agent) => agent === undefined)) return;
    for (const node of await cluster.list('/api/v1/nodes')) {
      if (node.metadata.annotations?.[networkAnnotation] === undefined) continue;
      await cluster.patch(`/api/v1/nodes/${node.metadata.name}`, { metadata: { annotations: { [networkAnnotation]: null } } });
    }
  };
}

/** The operator's own Deployment must run, as the real operator would have to. */
async function operate(cluster: RunningCluster, installation: KubernetesObject, program: string): Promise<void> {
  if ((await cluster.get('/apis/apps/v1/namespaces/tigera-operator/deployments/tigera-operator')) === undefined) return;
  const agent = await cluster.get(agents[0] ?? '');
  if (agent === undefined) {
    const file = join(program, 'sandbox', 'manifests', 'effects', 'calico.yaml');
    for (const object of objectsOf((await textFiles.read(file)) ?? '', file)) await cluster.apply(object, 'tigera-operator');
    return;
  }
  const ready = isRolledOut(agent);
  for (const status of await cluster.list('/apis/operator.tigera.io/v1/tigerastatuses')) await report(cluster, status, installation, ready);
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
}

async function report(cluster: RunningCluster, status: KubernetesObject, installation: KubernetesObject, ready: boolean): Promise<void> {
  const generation = installation.metadata.generation ?? 1;
  const current = (status['status'] as { readonly conditions?: readonly Condition[] } | undefined)?.conditions ?? [];
  const available = current.find(({ type }) => type === 'Available');
  if (available?.status === (ready ? 'True' : 'False') && available.observedGeneration === generation) return;
  const condition = (type: string, is: boolean, message: string) => ({
    type,
    status: is ? 'True' : 'False',
    observedGeneration: generation,
    reason: ready ? 'AllObjectsAvailable' : 'ResourceNotReady',
    message,
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  });
  await cluster.patch(`/apis/operator.tigera.io/v1/tigerastatuses/${status.metadata.name}/status`, {
    status: {
      conditions: [
        condition('Available', ready, ready ? 'All objects available' : ''),
        condition('Progressing', !ready, ready ? '' : 'DaemonSet "calico-system/calico-node" is not available'),
        condition('Degraded', false, ''),
      ],
    },
  });
}

function isRolledOut(daemonSet: KubernetesObject): boolean {
  const status = daemonSet['status'] as { readonly desiredNumberScheduled?: number; readonly numberAvailable?: number } | undefined;
  const wanted = status?.desiredNumberScheduled ?? 0;
  return wanted > 0 && (status?.numberAvailable ?? 0) >= wanted;
}
