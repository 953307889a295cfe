import { parseAllDocuments } from 'yaml';
import { fileURLToPath } from 'node:url';
import type { KubernetesObject } from '../../../tools/ports.ts';
import { readTextFile } from '../../../tools/text-files.ts';
import { networkAnnotation } from '../../control-plane/node-object.ts';
import { runningWorkload } from '../shared/controller.ts';
import type { Controller, Tools } from '../shared/controller.ts';
import { conditionStatus, listOf, numberOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';

const operator = 'operator.tigera.io/v1';

/**
 * Stand-in for the Calico operator, and for what a CNI plugin does on each machine: a node whose pod of calico-node (or kube-flannel)
 * is ready has a network. `effects` is what the operator makes of an Installation. BEHAVIOUR.md says what it leaves out.
 */
export function calicoOperator(effects: URL): Controller {
  const objects = parseAllDocuments(readTextFile(fileURLToPath(effects)) ?? '').map(
    (document) => document.toJS() as KubernetesObject,
  );
  let made: string | undefined;
  return {
    name: 'calico',
    userAgent: 'tigera-operator',
    async round(tools) {
      const { kubernetes } = tools;
      await openNetworks(tools);
      if ((await runningWorkload(kubernetes, 'Deployment', 'tigera-operator', 'tigera-operator')) === undefined) return;
      const installation = await kubernetes.get({ apiVersion: operator, kind: 'Installation', name: 'default' });
      if (installation === undefined) return;
      const version = `${installation.metadata.uid} ${installation.metadata.generation}`;
      const status = await kubernetes.get({ apiVersion: operator, kind: 'TigeraStatus', name: 'calico' });
      if (tools.failure === undefined && (made !== version || status === undefined)) {
        for (const object of objects) await kubernetes.apply(object);
        made = version;
        tools.note(`made what the Installation wants (generation ${installation.metadata.generation})`);
      }
      const reason = tools.failure ?? (await notReady(tools));
      for (const name of ['calico', 'ippools'])
        await tellStatus(tools, name, installation.metadata.generation ?? 1, reason);
    },
  };
}

/** A node without a network gets it from the CNI plugin's pod. */
async function openNetworks({ kubernetes, note }: Tools): Promise<void> {
  const waiting = (await kubernetes.list('v1', 'Node')).filter(
    ({ metadata }) => metadata.annotations?.[networkAnnotation] !== undefined,
  );
  if (waiting.length === 0) return;
  const pods = (
    await Promise.all(['calico-system', 'kube-flannel'].map((namespace) => kubernetes.list('v1', 'Pod', namespace)))
  ).flat();
  for (const node of waiting) {
    const has = pods.some(
      (pod) =>
        /^(calico-node|kube-flannel)/.test(pod.metadata.name) &&
        textOf(pod, 'spec', 'nodeName') === node.metadata.name &&
        conditionStatus(pod, 'Ready') === 'True',
    );
    if (!has) continue;
    // A merge patch takes a field away with null.
    await kubernetes.patch(referenceTo(node), { metadata: { annotations: { [networkAnnotation]: null } } });
    note(`${node.metadata.name} has a network`);
  }
}

async function notReady({ kubernetes }: Tools): Promise<string | undefined> {
  const [daemonSet, deployment] = await Promise.all([
    kubernetes.get({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'calico-system', name: 'calico-node' }),
    kubernetes.get({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'calico-system',
      name: 'calico-kube-controllers',
    }),
  ]);
  const wanted = numberOf(daemonSet, 'status', 'desiredNumberScheduled') ?? 0;
  const ready = numberOf(daemonSet, 'status', 'numberReady') ?? 0;
  if (wanted === 0 || ready < wanted)
    return `DaemonSet "calico-system/calico-node" is not available (awaiting ${Math.max(1, wanted - ready)} nodes)`;
  if ((numberOf(deployment, 'status', 'availableReplicas') ?? 0) < 1)
    return 'Deployment "calico-system/calico-kube-controllers" is not available (awaiting 1 replicas)';
  return undefined;
}

async function tellStatus(
  { kubernetes, clock }: Tools,
  name: string,
  generation: number,
  because: string | undefined,
): Promise<void> {
  const live = await kubernetes.get({ apiVersion: operator, kind: 'TigeraStatus', name });
  if (live === undefined) return;
  const ready = because === undefined;
  const wanted = [
    { type: 'Available', status: ready ? 'True' : 'False' },
    { type: 'Progressing', status: ready ? 'False' : 'True' },
    { type: 'Degraded', status: 'False' },
  ].map((condition) => ({
    ...condition,
    reason: ready ? 'AllObjectsAvailable' : 'ResourceNotReady',
    message: because ?? 'All objects available',
    observedGeneration: generation,
  }));
  const brief = (one: unknown): string =>
    [textOf(one, 'type'), textOf(one, 'status'), textOf(one, 'message'), numberOf(one, 'observedGeneration')].join(' ');
  if (listOf(live, 'status', 'conditions').map(brief).join('\n') === wanted.map(brief).join('\n')) return;
  const lastTransitionTime = new Date(clock.now()).toISOString();
  await kubernetes.patch(
    referenceTo(live),
    { status: { conditions: wanted.map((one) => ({ ...one, lastTransitionTime })) } },
    'status',
  );
}
