import type { NodeConfig, PlatformConfig } from '../config/config.ts';
import type { InstanceSize } from '../tools/ports.ts';
import { type Check, error, type Finding, warning } from './check.ts';
import { installedObjects } from './installed.ts';
import { place, type Room } from './placement.ts';
import { pinsOf, renderingSubject, sourceOf } from './renderings.ts';
import { type Workload, workloadsOf } from './workload.ts';

const mebibyte = 1024 ** 2;

/** What kubelet keeps from pods: systemReserved and kubeReserved of ansible/roles/control_plane, and its default eviction threshold. */
export const reserved = { cpu: 0.1 + 0.1, memory: (200 + 200 + 100) * mebibyte };
/** Kernel and firmware take 3 to 7 % of what EC2 sells; the least of it, so that what is said not to fit does not. */
const seenMemory = 0.97;
/** kubelet's own default, which the playbooks leave as it is. */
const mostPods = 110;
/** Below it `kubeadm init` refuses to begin (cmd/kubeadm/app/constants: ControlPlaneNumCPU, ControlPlaneMem). */
const least = { vcpus: 2, memory: 1700e6 };
/** Static pods of a control plane: API server, controller manager, scheduler, etcd (cmd/kubeadm/app/phases/controlplane, etcd). */
const staticPods = { cpu: 0.25 + 0.2 + 0.1 + 0.1, memory: 100 * mebibyte, pods: 4 };

export const capacity: Check = {
  id: 'capacity',
  title: 'Every pod finds a node that has room for it',
  needs: 'credentials',
  when: 'when-changed',
  catalogue: ['B17', 'C23', 'D16', 'D17', 'D18', 'D19', 'D20', 'F21'],
  subject: async (ctx) => ({
    ...(await renderingSubject(ctx)),
    pins: pinsOf(ctx.config).map((pin) => ({ ...pin })),
    manifests: sourceOf(ctx.config, 'manifests'),
    nodes: Object.entries(ctx.config.nodes).map(([name, { role, type, labels, taints }]) => ({
      name,
      role,
      type,
      labels: { ...labels },
      taints: taints.map((taint) => ({ ...taint })),
    })),
    addons: [...ctx.config.addons],
  }),
  run: async (ctx) => {
    const { aws, config } = ctx;
    if (config.terraform.dir !== undefined)
      return { skipped: "the machines are those of the user's own Terraform tree" };
    const [sizes, { objects, unknown }] = await Promise.all([
      aws.instanceTypes([...new Set(Object.values(config.nodes).map(({ type }) => type))]),
      installedObjects(ctx),
    ]);
    const found = capacityFindings(config, sizes, [...bootstrap, ...workloadsOf(objects)]);
    if (found.length === 0 && unknown.length > 0)
      return { skipped: `without ${unknown.join(', ')} the sum would be too small` };
    return found;
  },
};

/** CoreDNS as kubeadm installs it (cmd/kubeadm/app/phases/addons/dns/manifests.go); kube-proxy asks for nothing. */
const bootstrap: readonly Workload[] = [
  {
    name: 'Deployment kube-system/coredns',
    copies: 2,
    demand: { cpu: 0.1, memory: 70 * mebibyte },
    selector: { 'kubernetes.io/os': 'linux' },
    terms: [],
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
    ],
  },
];

/** What cannot run on the machines of a topology, with numbers. Types that nobody knows are the quotas' finding. Pure. */
export function capacityFindings(
  config: Pick<PlatformConfig, 'ansible' | 'nodes'>,
  sizes: Readonly<Record<string, InstanceSize>>,
  workloads: readonly Workload[],
): readonly Finding[] {
  const nodes = Object.entries(config.nodes);
  if (nodes.some(([, { type }]) => sizes[type] === undefined)) return [];
  const small = nodes.filter(
    ([, { role, type }]) => role === 'control-plane' && isTooSmall(sizes[type] as InstanceSize),
  );
  if (small.length > 0)
    return small.map(([name, { type }]) =>
      error(
        `${name} is a ${type}: kubeadm refuses a control plane with less than ${least.vcpus} vCPUs and ${least.memory / 1e6} MB`,
        'give it a larger type in platform.yaml: nodes',
      ),
    );
  const rooms = nodes.map(([name, node]) => roomOf(name, node, sizes[node.type] as InstanceSize));
  return place(rooms, workloads).map(({ certain, because, message }) => {
    // Roles of the user's own may reserve less.
    const level = certain && config.ansible.dir === undefined ? error : warning;
    return because === 'traits'
      ? level(message, 'correct labels and taints in platform.yaml: nodes')
      : level(message, 'give nodes a larger type or add one in platform.yaml: nodes', 'take an add-on off: addons');
  });
}

const isTooSmall = ({ vcpus, memory }: InstanceSize): boolean => vcpus < least.vcpus || memory < least.memory;

/** A machine as the scheduler will see it. */
function roomOf(name: string, { role, labels, taints }: NodeConfig, { vcpus, memory }: InstanceSize): Room {
  const main = role === 'control-plane';
  return {
    name,
    cpu: vcpus - reserved.cpu - (main ? staticPods.cpu : 0),
    memory: memory * seenMemory - reserved.memory - (main ? staticPods.memory : 0),
    // kube-proxy is on every node.
    pods: mostPods - 1 - (main ? staticPods.pods : 0),
    labels: {
      'kubernetes.io/os': 'linux',
      'kubernetes.io/hostname': name,
      ...(main ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      ...labels,
    },
    taints: [...(main ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : []), ...taints],
  };
}
