import type { PlatformConfig } from '../config/config.ts';
import type { Placeholders } from '../tools/ports.ts';
import { workers } from './names.ts';

/** What a chart's values are told of the cluster that they are for. */
export interface Cluster {
  readonly infrastructure: { readonly clusterId: string; readonly vpc: string };
}

/** A Helm release of the build: what its step installs, and what the checks render beforehand. */
export interface ReleaseDescription {
  /** Step id, pin in versions.yaml and folder below templates/: one word for all three. */
  readonly id: string;
  readonly release: string;
  readonly namespace: string;
  when(config: PlatformConfig): boolean;
  /** Exactly the placeholders of templates/ID/values.yaml. */
  values(config: PlatformConfig, up: Cluster): Placeholders;
}

const replicas = (config: PlatformConfig): number => (workers(config).length < 2 ? 1 : 2);

export const releases = {
  ebsCsi: {
    id: 'ebs-csi',
    release: 'aws-ebs-csi-driver',
    namespace: 'kube-system',
    when: (config: PlatformConfig) => config.addons.includes('ebs-csi'),
    values: (config: PlatformConfig, up: Cluster) => ({
      cluster_id: up.infrastructure.clusterId,
      environment: config.environment,
      region: config.region,
      controller_replicas: replicas(config),
    }),
  },
  certManager: {
    id: 'cert-manager',
    release: 'cert-manager',
    namespace: 'cert-manager',
    when: (config: PlatformConfig) => config.addons.includes('cert-manager'),
    values: () => ({}),
  },
  albController: {
    id: 'alb-controller',
    release: 'aws-load-balancer-controller',
    namespace: 'kube-system',
    when: (config: PlatformConfig) => config.addons.includes('alb-controller'),
    values: (config: PlatformConfig, up: Cluster) => ({
      cluster_id: up.infrastructure.clusterId,
      environment: config.environment,
      region: config.region,
      vpc_id: up.infrastructure.vpc,
      controller_replicas: replicas(config),
    }),
  },
  metricsServer: {
    id: 'metrics-server',
    release: 'metrics-server',
    namespace: 'kube-system',
    when: (config: PlatformConfig) => config.addons.includes('metrics-server'),
    values: () => ({}),
  },
  monitoring: {
    id: 'monitoring',
    release: 'prometheus',
    namespace: 'monitoring',
    when: (config: PlatformConfig) => config.addons.includes('monitoring'),
    values: () => ({}),
  },
  argocd: {
    id: 'argocd',
    release: 'argocd',
    namespace: 'argocd',
    when: (config: PlatformConfig) => config.addons.includes('argocd'),
    values: (config: PlatformConfig) => ({
      argocd_host: config.domain === undefined ? 'localhost' : `argocd.${config.domain}`,
    }),
  },
} as const satisfies Readonly<Record<string, ReleaseDescription>>;
