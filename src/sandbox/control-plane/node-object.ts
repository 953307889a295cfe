import type { KubernetesObject } from '../../tools/ports.ts';

/** A simulated machine as its kubelet would register it. */
export interface NodeFacts {
  readonly name: string;
  /** aws:///<zone>/<instance id> */
  readonly providerId: string;
  readonly role: 'control-plane' | 'worker';
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly zone: string;
  readonly region: string;
  readonly instanceType: string;
  readonly privateAddress: string;
  /** '1.36.3' */
  readonly kubernetesVersion: string;
  readonly containerdVersion: string;
  /** Virtual processors, and bytes of memory and disk. */
  readonly capacity: { readonly processors: number; readonly memory: number; readonly disk: number };
  /** Whether the CNI plugin is there; `pending` keeps the Node NotReady until the annotation is removed. */
  readonly network: 'ready' | 'pending';
}

/** Removing this annotation says that the machine's network is there. Its values are explained in sandbox/stages/node.yaml. */
export const networkAnnotation = 'sandbox.platform/network';

/** The Node object that kubelet 1.36 makes when it registers; the conditions come from kwok. */
export function nodeObject(facts: NodeFacts): KubernetesObject {
  const size = {
    cpu: String(facts.capacity.processors),
    memory: String(facts.capacity.memory),
    'ephemeral-storage': String(facts.capacity.disk),
    pods: '110',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: facts.name,
      labels: { ...builtInLabels(facts), ...facts.labels },
      annotations: {
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        ...(facts.network === 'pending' ? { [networkAnnotation]: 'pending' } : {}),
      },
    },
    spec: { providerID: facts.providerId, taints: [...controlPlaneTaints(facts), ...facts.taints] },
    status: {
      addresses: [
        { type: 'InternalIP', address: facts.privateAddress },
        { type: 'Hostname', address: facts.name },
      ],
      capacity: size,
      allocatable: size,
      nodeInfo: {
        architecture: 'amd64',
        operatingSystem: 'linux',
        osImage: 'Ubuntu 24.04 LTS (simulated)',
        kernelVersion: 'simulated',
        containerRuntimeVersion: `containerd://${facts.containerdVersion}`,
        kubeletVersion: `v${facts.kubernetesVersion}`,
        kubeProxyVersion: '',
        machineID: '',
        systemUUID: '',
        bootID: '',
      },
    },
  };
}

/** The CSINode object that kubelet makes when the driver's node Pod has registered itself. */
export function csiNodeObject(
  facts: Pick<NodeFacts, 'name' | 'providerId'>,
  driver = 'ebs.csi.aws.com',
): KubernetesObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name: facts.name },
    spec: {
      drivers: [
        {
          name: driver,
          nodeID: facts.providerId.slice(facts.providerId.lastIndexOf('/') + 1),
          topologyKeys: ['kubernetes.io/os', `topology.${driver}/zone`, 'topology.kubernetes.io/zone'],
          // 28 attachments of a Nitro instance without those of its root volume and network interface.
          allocatable: { count: 26 },
        },
      ],
    },
  };
}

function builtInLabels(facts: NodeFacts): Readonly<Record<string, string>> {
  return {
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': facts.name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': facts.instanceType,
    'topology.kubernetes.io/region': facts.region,
    'topology.kubernetes.io/zone': facts.zone,
    ...(facts.role === 'control-plane'
      ? { 'node-role.kubernetes.io/control-plane': '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
      : {}),
  };
}

/** What kubeadm gives a control-plane node. */
function controlPlaneTaints(facts: NodeFacts): NodeFacts['taints'] {
  return facts.role === 'control-plane' ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : [];
}
