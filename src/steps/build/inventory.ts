import type { PlatformConfig } from '../../config/config.ts';
import type { Json } from '../../engine/types.ts';
import { PlatformError } from '../../errors.ts';
import type { Machine } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import { step } from '../kit.ts';
import { dataBucket, firstControlPlane, mirrored, publicHosts } from '../names.ts';
import { addresses } from './addresses.ts';
import { infrastructure } from './infrastructure.ts';
import { stateBackend } from './state-backend.ts';

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

/**
 * Inventory and variables for Ansible, derived from the topology and the outputs, and compared before each use: an
 * inventory that nobody made anew cost a run 301 s on an address that was gone (catalogue A10, A22, A24).
 * Both files are JSON, which Ansible reads as YAML.
 */
export const inventory = step({
  id: 'inventory',
  title: 'Inventory',
  needs: { backend: stateBackend, infrastructure, addresses },
  repeat: 'safe',
  onCancel: 'abort',
  timeout: seconds(30),
  inputs: (config, up) => ({ hosts: hostsOf(config, up), variables: variablesOf(config, up) }),
  check: async (ctx, up) => {
    const wanted = filesOf(ctx.config, up);
    for (const [path, text] of wanted.files) {
      const found = await ctx.files.read(path);
      if (found !== text)
        return {
          state: 'needed',
          because: `${path.split('/').at(-1)} ${found === undefined ? 'does not exist' : 'does not fit the outputs'}`,
        };
    }
    return {
      state: 'satisfied',
      output: wanted.output,
      because: `${Object.keys(wanted.output.hosts).length} hosts, as the outputs say`,
    };
  },
  apply: async (ctx, up) => {
    const wanted = filesOf(ctx.config, up);
    for (const [path, text] of wanted.files) await ctx.files.write(path, text, 0o600);
    return wanted.output;
  },
});

interface Upstream {
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

function hostsOf(config: PlatformConfig, up: Upstream): Readonly<Record<string, Host>> {
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
      const node = up.infrastructure.nodes[name] as Upstream['infrastructure']['nodes'][string];
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

function variablesOf(config: PlatformConfig, up: Upstream): Readonly<Record<string, Json>> {
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

function filesOf(config: PlatformConfig, up: Upstream) {
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
    inventory: `${config.stateFolder}/inventory.yml`,
    variables: `${config.stateFolder}/variables.json`,
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

/** How SSH reaches a node. */
export function machineOf(config: PlatformConfig, name: string, hosts: Readonly<Record<string, Host>>): Machine {
  const host = hosts[name];
  if (host === undefined) throw new PlatformError('CONTRACT_BROKEN', { message: `${name} is not in the inventory` });
  return { name, address: host.address, user: config.access.sshUser, key: config.access.sshKey };
}
