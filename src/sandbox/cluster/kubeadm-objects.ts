import type { KubernetesObject } from '../../tools/ports.ts';

/** What `kubeadm init` is told, as far as it shows in objects. */
export interface KubeadmFacts {
  readonly kubernetes: string;
  readonly endpoint: string;
  readonly pods: string;
  readonly services: string;
  /** The tenth address of the service network (kubeadm's rule). */
  readonly clusterDns: string;
}

// Images of kubeadm 1.36.3: cmd/kubeadm/app/constants/constants.go of module k8s.io/kubernetes v1.36.3.
const registry = 'registry.k8s.io';
const corednsImage = `${registry}/coredns/coredns:v1.14.2`;
const etcdImage = `${registry}/etcd:3.6.8-0`;

const system = { namespace: 'kube-system' } as const;
const onControlPlanes = [
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
];

/** The objects that `kubeadm init` leaves behind, names and labels as in its addons' templates, in order. */
export function kubeadmObjects(facts: KubeadmFacts): readonly KubernetesObject[] {
  return [
    configMap('kubelet-config', {
      kubelet: yaml({
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
        kind: 'KubeletConfiguration',
        clusterDNS: [facts.clusterDns],
      }),
    }),
    configMap('cluster-info', {}, 'kube-public'),
    configMap('kube-proxy', {
      'config.conf': yaml({
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        clusterCIDR: facts.pods,
      }),
    }),
    serviceAccount('kube-proxy'),
    serviceAccount('coredns'),
    configMap('coredns', {
      Corefile:
        '.:53 {\n    errors\n    health\n    ready\n    kubernetes cluster.local in-addr.arpa ip6.arpa\n    forward . /etc/resolv.conf\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n',
    }),
    coredns(),
    kubeDns(facts.clusterDns),
    kubeProxy(facts.kubernetes),
    // The last one: the product takes it as the sign that init went through to the end.
    configMap('kubeadm-config', {
      ClusterConfiguration: yaml({
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        kind: 'ClusterConfiguration',
        kubernetesVersion: `v${facts.kubernetes}`,
        controlPlaneEndpoint: facts.endpoint,
        networking: { dnsDomain: 'cluster.local', podSubnet: facts.pods, serviceSubnet: facts.services },
      }),
    }),
  ];
}

/** Mirrors of the static pods of one control-plane machine. */
export function staticPods(
  node: { readonly name: string; readonly uid: string },
  kubernetes: string,
): readonly KubernetesObject[] {
  return ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((component) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${component}-${node.name}`,
      ...system,
      labels: { component, tier: 'control-plane' },
      annotations: { 'kubernetes.io/config.mirror': 'sandbox', 'kubernetes.io/config.source': 'file' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }],
    },
    spec: {
      nodeName: node.name,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      containers: [
        { name: component, image: component === 'etcd' ? etcdImage : `${registry}/${component}:v${kubernetes}` },
      ],
    },
  }));
}

/** JSON is YAML. */
const yaml = (value: unknown): string => JSON.stringify(value, undefined, 2);

const configMap = (
  name: string,
  data: Readonly<Record<string, string>>,
  namespace = 'kube-system',
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

const serviceAccount = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, ...system },
});

function coredns(): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', ...system, labels: { 'k8s-app': 'kube-dns' } },
    spec: {
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      template: {
        metadata: { labels: { 'k8s-app': 'kube-dns' } },
        spec: {
          serviceAccountName: 'coredns',
          priorityClassName: 'system-cluster-critical',
          tolerations: onControlPlanes,
          containers: [
            { name: 'coredns', image: corednsImage, resources: { requests: { cpu: '100m', memory: '70Mi' } } },
          ],
        },
      },
    },
  };
}

const kubeDns = (clusterIP: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', ...system, labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' } },
  spec: {
    clusterIP,
    selector: { 'k8s-app': 'kube-dns' },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
    ],
  },
});

function kubeProxy(kubernetes: string): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'kube-proxy', ...system, labels: { 'k8s-app': 'kube-proxy' } },
    spec: {
      selector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
      template: {
        metadata: { labels: { 'k8s-app': 'kube-proxy' } },
        spec: {
          serviceAccountName: 'kube-proxy',
          priorityClassName: 'system-node-critical',
          hostNetwork: true,
          tolerations: [{ operator: 'Exists' }],
          containers: [{ name: 'kube-proxy', image: `${registry}/kube-proxy:v${kubernetes}` }],
        },
      },
    },
  };
}

/** The tenth address of an IPv4 range. */
export function tenthAddress(range: string): string {
  const [first = 0, second = 0, third = 0, last = 0] = (range.split('/')[0] ?? '').split('.').map(Number);
  return `${first}.${second}.${third}.${last + 10}`;
}
