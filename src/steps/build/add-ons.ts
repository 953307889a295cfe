import { minutes } from '../durations.ts';
import { apiAvailable, certManagerAnswers, crdEstablished, driverOnEveryNode } from '../probes/extensions.ts';
import { rolledOut } from '../probes/workloads.ts';
import { releases } from '../releases.ts';
import { infrastructure } from './infrastructure.ts';
import { manifestStep } from './manifest-step.ts';
import { nodesReady } from './nodes-ready.ts';
import { releaseStep } from './release-step.ts';

export const ebsCsi = releaseStep({
  ...releases.ebsCsi,
  title: 'EBS CSI driver',
  needs: { nodesReady, infrastructure },
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
  ...releases.certManager,
  title: 'cert-manager',
  needs: { nodesReady },
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager' }),
    rolledOut({ kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager-webhook' }),
    rolledOut({ kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager-cainjector' }),
    certManagerAnswers,
  ],
});

export const albController = releaseStep({
  ...releases.albController,
  title: 'AWS Load Balancer Controller',
  needs: { nodesReady, infrastructure },
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'kube-system', name: 'aws-load-balancer-controller' }),
    crdEstablished('targetgroupbindings.elbv2.k8s.aws'),
  ],
});

export const metricsServer = releaseStep({
  ...releases.metricsServer,
  title: 'metrics-server',
  needs: { nodesReady },
  ready: [
    rolledOut({ kind: 'Deployment', namespace: 'kube-system', name: 'metrics-server' }),
    apiAvailable('v1beta1.metrics.k8s.io'),
  ],
});

export const monitoring = releaseStep({
  ...releases.monitoring,
  title: 'Monitoring (kube-prometheus-stack)',
  needs: { storageClass },
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
  ...releases.argocd,
  title: 'Argo CD',
  needs: { nodesReady, albController },
  ready: [
    crdEstablished('applications.argoproj.io'),
    rolledOut({ kind: 'Deployment', namespace: 'argocd', name: 'argocd-server' }),
    rolledOut({ kind: 'Deployment', namespace: 'argocd', name: 'argocd-repo-server' }),
    rolledOut({ kind: 'StatefulSet', namespace: 'argocd', name: 'argocd-application-controller' }),
  ],
});
