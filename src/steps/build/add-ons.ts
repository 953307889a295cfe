import { minutes } from '../durations.ts';
import { workers } from '../names.ts';
import { apiAvailable, certManagerAnswers, crdEstablished, driverOnEveryNode } from '../probes/extensions.ts';
import { rolledOut } from '../probes/workloads.ts';
import type { PlatformConfig } from '../../config/config.ts';
import { infrastructure } from './infrastructure.ts';
import { manifestStep } from './manifest-step.ts';
import { nodesReady } from './nodes-ready.ts';
import { releaseStep } from './release-step.ts';

const replicas = (config: PlatformConfig): number => (workers(config).length < 2 ? 1 : 2);

export const ebsCsi = releaseStep({
  id: 'ebs-csi',
  title: 'EBS CSI driver',
  release: 'aws-ebs-csi-driver',
  namespace: 'kube-system',
  needs: { nodesReady, infrastructure },
  when: (config) => config.addons.includes('ebs-csi'),
  values: (config, up) => ({
    cluster_id: up.infrastructure.clusterId,
    environment: config.environment,
    region: config.region,
    controller_replicas: replicas(config),
  }),
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'kube-system', name: 'ebs-csi-controller' }),
    rolledOut({ kind: 'DaemonSet', namespace: 'kube-system', name: 'ebs-csi-node' }),
    driverOnEveryNode('ebs.csi.aws.com'),
  ],
});

export const storageClass = manifestStep({
  id: 'storage-class',
  title: 'Default storage class',
  needs: { ebsCsi, infrastructure },
  when: (config) => config.addons.includes('ebs-csi'),
  inputs: (_config, up) => ({ cluster: up.infrastructure.clusterId }),
  objects: (ctx, up) => ctx.templates.objects('storage-class/gp3.yaml', { cluster_id: up.infrastructure.clusterId }),
  ready: [],
});

export const certManager = releaseStep({
  id: 'cert-manager',
  title: 'cert-manager',
  release: 'cert-manager',
  namespace: 'cert-manager',
  needs: { nodesReady },
  when: (config) => config.addons.includes('cert-manager'),
  values: () => ({}),
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager' }),
    rolledOut({ kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager-webhook' }),
    rolledOut({ kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager-cainjector' }),
    certManagerAnswers,
  ],
});

export const albController = releaseStep({
  id: 'alb-controller',
  title: 'AWS Load Balancer Controller',
  release: 'aws-load-balancer-controller',
  namespace: 'kube-system',
  needs: { nodesReady, infrastructure },
  when: (config) => config.addons.includes('alb-controller'),
  values: (config, up) => ({
    cluster_id: up.infrastructure.clusterId,
    environment: config.environment,
    region: config.region,
    vpc_id: up.infrastructure.vpc,
    controller_replicas: replicas(config),
  }),
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'kube-system', name: 'aws-load-balancer-controller' }),
    crdEstablished('targetgroupbindings.elbv2.k8s.aws'),
  ],
});

export const metricsServer = releaseStep({
  id: 'metrics-server',
  title: 'metrics-server',
  release: 'metrics-server',
  namespace: 'kube-system',
  needs: { nodesReady },
  when: (config) => config.addons.includes('metrics-server'),
  values: () => ({}),
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'kube-system', name: 'metrics-server' }),
    apiAvailable('v1beta1.metrics.k8s.io'),
  ],
});

export const monitoring = releaseStep({
  id: 'monitoring',
  title: 'Monitoring (kube-prometheus-stack)',
  release: 'prometheus',
  namespace: 'monitoring',
  needs: { storageClass },
  when: (config) => config.addons.includes('monitoring'),
  values: () => ({}),
  ready: [
    crdEstablished('prometheuses.monitoring.coreos.com'),
    crdEstablished('servicemonitors.monitoring.coreos.com'),
    rolledOut({ kind: 'Deployment', namespace: 'monitoring', name: 'prometheus-kube-prometheus-operator' }),
    // The operator makes it a while after the release; a Pending one went unseen for 14 hours (catalogue D18).
    rolledOut(
      { kind: 'StatefulSet', namespace: 'monitoring', name: 'prometheus-prometheus-kube-prometheus-prometheus' },
      minutes(15),
    ),
    rolledOut({ kind: 'Deployment', namespace: 'monitoring', name: 'prometheus-grafana' }),
  ],
});

export const argocd = releaseStep({
  id: 'argocd',
  title: 'Argo CD',
  release: 'argocd',
  namespace: 'argocd',
  needs: { nodesReady, albController },
  when: (config) => config.addons.includes('argocd'),
  values: (config) => ({ argocd_host: config.domain === undefined ? 'localhost' : `argocd.${config.domain}` }),
  ready: [
    crdEstablished('applications.argoproj.io'),
    rolledOut({ kind: 'Deployment', namespace: 'argocd', name: 'argocd-server' }),
    rolledOut({ kind: 'Deployment', namespace: 'argocd', name: 'argocd-repo-server' }),
    rolledOut({ kind: 'StatefulSet', namespace: 'argocd', name: 'argocd-application-controller' }),
  ],
});
