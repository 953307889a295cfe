import type { PlatformConfig } from '../config/config.ts';

/**
 * Every AWS name that we choose. All begin with the cluster id, but for the state bucket: it must be found by a machine
 * that does not know the cluster id yet, since that is kept in it.
 */
export const stateBucket = (config: PlatformConfig, account: string): string =>
  (config.state.kind === 's3' ? config.state.bucket : undefined) ??
  `platform-state-${account}-${config.region}-${config.name}`;

/** A bucket that a person named may hold the states of several platforms; ours has the name of the platform in its own. */
export const stateKey = (config: PlatformConfig, file: string): string =>
  config.state.kind === 's3' && config.state.bucket !== undefined
    ? `${config.name}/${config.environment}/${file}`
    : `${config.environment}/${file}`;

/** Deterministic, so that the two Terraform roots need not wait for each other. */
export const dataBucket = (clusterId: string, account: string): string => `${clusterId}-data-${account}`;

export const nodeNames = (config: PlatformConfig): readonly string[] => Object.keys(config.nodes);

/** The control plane on which kubeadm init runs: the first in the file. */
export function firstControlPlane(config: PlatformConfig): string {
  const first = Object.entries(config.nodes).find(([, node]) => node.role === 'control-plane');
  if (first === undefined) throw new TypeError('the configuration was accepted without a control plane');
  return first[0];
}

export const joiningNodes = (config: PlatformConfig): readonly string[] =>
  nodeNames(config).filter((name) => name !== firstControlPlane(config));

export const workers = (config: PlatformConfig): readonly string[] =>
  nodeNames(config).filter((name) => config.nodes[name]?.role === 'worker');

/** A node that is labelled for storage decides which twin of a manifest is used. */
export const hasStorageNode = (config: PlatformConfig): boolean =>
  Object.values(config.nodes).some((node) => node.labels['workload'] === 'storage');

export const publicHosts = (config: PlatformConfig): readonly string[] =>
  config.domain === undefined
    ? []
    : [
        ...(config.addons.includes('argocd') ? [`argocd.${config.domain}`] : []),
        ...(config.addons.includes('monitoring') ? [`grafana.${config.domain}`] : []),
      ];

export const hasIngress = (config: PlatformConfig): boolean =>
  config.addons.includes('alb-controller') &&
  (config.addons.includes('argocd') || config.addons.includes('monitoring'));

/** Where a pinned file comes from: its own address, or the site's mirror. */
export const mirrored = (config: PlatformConfig, url: string): string =>
  config.mirrors.manifests === undefined
    ? url
    : `${config.mirrors.manifests.replace(/\/$/, '')}/${url.replace(/^https?:\/\//, '')}`;
