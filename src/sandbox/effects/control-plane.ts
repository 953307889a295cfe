import { kubeadmObjects, tenthAddress } from '../cluster/kubeadm-objects.ts';
import { requirePackages } from './effect.ts';
import type { Effect } from './effect.ts';
import { register } from './nodes.ts';

const kubeadmConfig = '/api/v1/namespaces/kube-system/configmaps/kubeadm-config';

/** `kubeadm init`: real etcd, API server, controllers and scheduler, and the objects that kubeadm leaves in them. */
export const controlPlane: Effect = async (world, machine, facts) => {
  const { kubernetes } = requirePackages(machine);
  const { settings, cluster, signal } = world;
  const pods = facts.variables.pods || settings.network.pods;
  const services = facts.variables.services || settings.network.services;
  const request = { names: facts.variables.names, advertise: machine.privateAddress, pods, services };
  const started = await cluster.start(request, signal);
  const running = cluster.current();
  if (running === undefined) throw new Error('the control plane was stopped while it was being set up');
  const registered = await register(world, running, machine, facts);
  const initialized = (await running.get(kubeadmConfig)) !== undefined;
  if (!initialized) {
    const endpoint = facts.variables.endpoint || `${machine.privateAddress}:6443`;
    const objects = kubeadmObjects({ kubernetes, endpoint, pods, services, clusterDns: tenthAddress(services) });
    for (const object of objects) await running.apply(object, 'kubeadm');
  }
  const changed = started || registered || !initialized;
  return { changed, because: changed ? `control plane started at ${running.server}` : 'the control plane runs' };
};
