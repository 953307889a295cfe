import { runningWorkload } from '../shared/controller.ts';
import type { Controller } from '../shared/controller.ts';
import { attachVolumes } from './attach.ts';
import { registerDriver } from './nodes.ts';
import { provision, reclaim } from './provision.ts';

/** Stand-in for the EBS CSI driver with its sidecars, and for what the kubelet does for it; BEHAVIOUR.md says what it leaves out. */
export function ebsCsiDriver(): Controller {
  return {
    name: 'ebs',
    userAgent: 'ebs-csi-controller',
    async round(tools) {
      const { kubernetes } = tools;
      const nodes = await kubernetes.list('v1', 'Node');
      const registered = await registerDriver(tools, nodes);
      const controller = await runningWorkload(kubernetes, 'Deployment', 'kube-system', 'ebs-csi-controller');
      if (controller === undefined) return;
      const [classes, claims, volumes] = await Promise.all([
        kubernetes.list('storage.k8s.io/v1', 'StorageClass'),
        kubernetes.list('v1', 'PersistentVolumeClaim'),
        kubernetes.list('v1', 'PersistentVolume'),
      ]);
      await attachVolumes(tools, nodes, volumes);
      await provision(tools, { controller, classes, claims, volumes, nodes: registered });
      await reclaim(tools, volumes);
    },
  };
}
