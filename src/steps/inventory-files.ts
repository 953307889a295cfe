import type { PlatformConfig } from '../config/config.ts';
import type { Json } from '../engine/types.ts';
import { PlatformError } from '../errors.ts';
import { dataBucket, firstControlPlane, mirrored, publicHosts } from './names.ts';

/** Where a node is and who it is. */
export type Host = {
  readonly address: string;
  readonly privateAddress: string;
  readonly instance: string;
  readonly providerId: string;
  readonly zone: string;
};

export type Inventory = {
  readonly inventory: string;
  readonly variables: string;
  readonly hosts: Readonly<Record<string, Host>>;
};

/** What inventory and variables are derived from, beside the configuration. */
export interface InventorySources {
  readonly backend: { readonly clusterId: string; readonly account: string };
  readonly infrastructure: {
    readonly nodes: Readonly<
      Record<
        string,
        {
          readonly id: string;
          readonly privateAddress: string;
          readonly publicAddress: string | null;
          readonly zone: string;
        }
      >
    >;
  };
  readonly addresses: Readonly<Record<string, { readonly address: string }>>;
}

export function hostsOf(config: PlatformConfig, up: InventorySources): Readonly<Record<string, Host>> {
  const names = Object.keys(config.nodes);
  const strangers = Object.keys(up.infrastructure.nodes).filter((name) => !names.includes(name));
  const missing = names.filter((name) => up.infrastructure.nodes[name] === undefined);
  if (strangers.length + missing.length > 0) {
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `outputs and topology disagree: ${[...missing.map((name) => `${name} has no machine`), ...strangers.map((name) => `${name} is in no configuration`)].join(', ')}`,
    });
  }
  return Object.fromEntries(
    names.map((name) => {
      const node = up.infrastructure.nodes[name] as InventorySources['infrastructure']['nodes'][string];
      const address = up.addresses[name]?.address ?? node.publicAddress;
      if (address === null) throw new PlatformError('CONTRACT_BROKEN', { message: `${name} has no public address` });
      return [
        name,
        {
          address,
          privateAddress: node.privateAddress,
          instance: node.id,
          providerId: `aws:///${node.zone}/${node.id}`,
          zone: node.zone,
        },
      ];
    }),
  );
}

export function variablesOf(config: PlatformConfig, up: InventorySources): Readonly<Record<string, Json>> {
  const hosts = hostsOf(config, up);
  const first = hosts[firstControlPlane(config)] as Host;
  const controlPlanes = Object.keys(hosts).filter((name) => config.nodes[name]?.role === 'control-plane');
  const { versions, network } = config;
  return {
    cluster_id: up.backend.clusterId,
    region: config.region,
    kubernetes_version: versions.kubernetes,
    kubernetes_minor: config.kubernetes,
    containerd_package: versions.containerd.package,
    containerd_version: versions.containerd.version,
    pod_cidr: network.pods,
    service_cidr: network.services,
    cni: network.cni,
    cni_version: versions.cni[network.cni].version,
    cni_manifests: versions.cni[network.cni].manifests.map(({ url, sha256 }) => ({
      url: mirrored(config, url),
      sha256,
    })),
    control_plane_endpoint: `${first.privateAddress}:6443`,
    api_server_sans: [
      ...controlPlanes.flatMap((name) => [name, hosts[name]?.address ?? '', hosts[name]?.privateAddress ?? '']),
      'localhost',
      '127.0.0.1',
    ],
    apt_repository: config.mirrors.apt ?? '',
    registry_mirrors: { ...config.mirrors.registries },
    backup_bucket: config.addons.includes('etcd-backup') ? dataBucket(up.backend.clusterId, up.backend.account) : '',
    backup_schedule: config.backups.schedule,
    public_hosts: [...publicHosts(config)],
  };
}

/** The two files, as text, and where they are: below the state folder unless another is named. */
export function filesOf(config: PlatformConfig, up: InventorySources, folder = config.stateFolder) {
  const hosts = hostsOf(config, up);
  const group = (name: string) => config.ansible.groups[name] ?? name;
  const ofRole = (role: string) =>
    Object.fromEntries(
      Object.entries(hosts)
        .filter(([name]) => config.nodes[name]?.role === role)
        .map(([name, host]) => [name, hostVariables(config, name, host)]),
    );
  const further = Object.keys(hosts).filter((name) => config.ansible.groups[name] !== undefined);
  const tree = {
    all: {
      children: {
        [group('cluster')]: {
          children: {
            [group('control_plane')]: { hosts: ofRole('control-plane') },
            [group('workers')]: { hosts: ofRole('worker') },
          },
        },
        ...Object.fromEntries(
          further.map((name) => [
            group(name),
            {
              hosts: Object.fromEntries(
                further.filter((other) => group(other) === group(name)).map((other) => [other, {}]),
              ),
            },
          ]),
        ),
      },
    },
  };
  const output: Inventory = {
    inventory: `${folder}/inventory.yml`,
    variables: `${folder}/variables.json`,
    hosts,
  };
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    output,
    files: [[output.inventory, text(tree)] as const, [output.variables, text(variablesOf(config, up))] as const],
  };
}

function hostVariables(config: PlatformConfig, name: string, host: Host): Readonly<Record<string, unknown>> {
  const node = config.nodes[name];
  return {
    ansible_host: host.address,
    ansible_user: config.access.sshUser,
    ansible_ssh_private_key_file: config.access.sshKey,
    private_ip: host.privateAddress,
    instance_id: host.instance,
    provider_id: host.providerId,
    node_role: node?.role,
    node_labels: node?.labels,
    node_taints: node?.taints,
  };
}
