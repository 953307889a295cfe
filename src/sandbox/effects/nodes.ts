import { capacityOf } from '../cluster/capacity.ts';
import { staticPods } from '../cluster/kubeadm-objects.ts';
import type { RunningCluster } from '../cluster/far-cluster.ts';
import { nodeObject } from '../control-plane/node-object.ts';
import type { KubernetesObject } from '../../tools/ports.ts';
import type { SimulatedMachine } from '../machines/machine.ts';
import { requirePackages } from './effect.ts';
import type { EffectWorld, HostFacts } from './effect.ts';

/** Makes the machine a member of the cluster, as its kubelet would register it; false when it is one already. */
export async function register(
  { settings, machines }: EffectWorld,
  cluster: RunningCluster,
  machine: SimulatedMachine,
  facts: HostFacts,
): Promise<boolean> {
  const packages = requirePackages(machine);
  const role = facts.role === 'control-plane' ? 'control-plane' : 'worker';
  const path = `/api/v1/nodes/${facts.host}`;
  const found = await cluster.get(path);
  if (found !== undefined && isOf(found, facts) && machine.node !== undefined)
    return relabel(cluster, path, found, facts);
  // The object of an earlier machine of that name: its providerID can never be changed.
  if (found !== undefined) await cluster.remove(path);
  const node = await cluster.create(
    '/api/v1/nodes',
    nodeObject({
      name: facts.host,
      providerId: facts.provider,
      role,
      labels: facts.labels,
      taints: facts.taints,
      zone: facts.provider.split('/')[3] ?? '',
      region: settings.region,
      instanceType: machine.type,
      privateAddress: machine.privateAddress,
      kubernetesVersion: packages.kubernetes,
      containerdVersion: packages.containerd,
      capacity: capacityOf(machine.type),
      network: 'pending',
    }),
  );
  if (role === 'control-plane') {
    const owner = { name: facts.host, uid: node.metadata.uid ?? '' };
    for (const pod of staticPods(owner, packages.kubernetes)) await cluster.apply(pod);
  }
  await machines.change(machine.id, { node: { name: facts.host, role } });
  return true;
}

const isOf = (node: KubernetesObject, { provider }: HostFacts): boolean =>
  (node['spec'] as { readonly providerID?: string } | undefined)?.providerID === provider;

/** A kubelet that is restarted with other labels sets them on its Node. */
async function relabel(
  cluster: RunningCluster,
  path: string,
  node: KubernetesObject,
  { labels }: HostFacts,
): Promise<boolean> {
  const same = Object.entries(labels).every(([key, value]) => node.metadata.labels?.[key] === value);
  if (!same) await cluster.patch(path, { metadata: { labels } });
  return !same;
}
