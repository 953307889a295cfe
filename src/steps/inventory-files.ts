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
  /** What a foreign inventory says of it beyond that. */
  readonly variables?: Variables;
};

type Variables = Readonly<Record<string, Json>>;

export type Inventory = {
  readonly inventory: string;
  readonly variables: string;
  readonly hosts: Readonly<Record<string, Host>>;
};

/** What inventory and variables are derived from, beside the configuration. */
export interface InventorySources {
  readonly backend: { readonly clusterId: string; readonly account: string };
  readonly infrastructure: {
    readonly vpc: string;
    readonly certificate: string | null;
    /** Groups of a foreign inventory, beside those of the configuration. */
    readonly groups?: Readonly<
      Record<
        string,
        { readonly hosts: readonly string[]; readonly children: readonly string[]; readonly variables: Variables }
      >
    >;
    readonly nodes: Readonly<
      Record<
        string,
        {
          readonly id: string;
          readonly privateAddress: string;
          readonly publicAddress: string | null;
          readonly zone: string;
          readonly variables?: Variables;
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
      next: ['look at what Terraform would change: platform plan', 'then run: platform up'],
    });
  }
  return Object.fromEntries(
    names.map((name) => {
      const node = up.infrastructure.nodes[name] as InventorySources['infrastructure']['nodes'][string];
      const address = up.addresses[name]?.address ?? node.publicAddress;
      if (address === null)
        throw new PlatformError('CONTRACT_BROKEN', {
          message: `${name} has no public address`,
          next: [`give it one: eip: true for ${name} in platform.yaml, or a subnet that gives public addresses`],
        });
      return [
        name,
        {
          address,
          privateAddress: node.privateAddress,
          instance: node.id,
          providerId: `aws:///${node.zone}/${node.id}`,
          zone: node.zone,
          ...(node.variables === undefined ? {} : { variables: node.variables }),
        },
      ];
    }),
  );
}

/** The groups that hold nodes, in the names of the playbooks: each node is in one of them, and all of them are in `cluster`. */
export function groupsOf(config: PlatformConfig): Readonly<Record<string, readonly string[]>> {
  const { groups } = config.ansible;
  const found = new Map<string, string[]>(
    ['control_plane', 'workers'].map((name): [string, string[]] => [groups[name] ?? name, []]),
  );
  for (const [name, { role }] of Object.entries(config.nodes)) {
    const ours = role === 'control-plane' ? 'control_plane' : 'workers';
    const group = groups[name] ?? groups[ours] ?? ours;
    found.set(group, [...(found.get(group) ?? []), name]);
  }
  return Object.fromEntries(found);
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

/**
 * The two files, as text, and where they are: below the state folder unless another is named. To a tree of the user's own
 * only what an earlier step found goes as extra variables, since those win over everything; what we would choose stands in
 * the inventory, where the tree's group_vars win.
 */
export function filesOf(config: PlatformConfig, up: InventorySources, folder = config.stateFolder) {
  const hosts = hostsOf(config, up);
  const own = config.ansible.dir !== undefined;
  const variables = variablesOf(config, up);
  const found = { vpc_id: up.infrastructure.vpc, acm_certificate_arn: up.infrastructure.certificate ?? '' };
  const output: Inventory = {
    inventory: `${folder}/inventory.yml`,
    variables: `${folder}/variables.json`,
    hosts,
  };
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    output,
    files: [
      [output.inventory, text(treeOf(config, up, hosts, own ? variables : {}))] as const,
      [output.variables, text(own ? found : variables)] as const,
    ],
  };
}

function treeOf(
  config: PlatformConfig,
  up: InventorySources,
  hosts: Readonly<Record<string, Host>>,
  variables: Variables,
) {
  const cluster = config.ansible.groups['cluster'] ?? 'cluster';
  const children = Object.fromEntries(
    Object.entries(groupsOf(config)).map(([group, names]) => [
      group,
      {
        hosts: Object.fromEntries(names.map((name) => [name, hostVariables(config, name, hosts[name] as Host)])),
      },
    ]),
  );
  const { all, ...foreign } = up.infrastructure.groups ?? {};
  const vars = { ...variables, ...all?.variables };
  const emptied = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));
  const further = Object.entries(foreign).map(([name, group]) => [
    name,
    {
      hosts: emptied(group.hosts),
      children: { ...emptied(group.children), ...(name === cluster ? children : {}) },
      vars: group.variables,
    },
  ]);
  return {
    all: {
      ...(Object.keys(vars).length > 0 ? { vars } : {}),
      children: { [cluster]: { children }, ...Object.fromEntries(further) },
    },
  };
}

function hostVariables(config: PlatformConfig, name: string, host: Host): Readonly<Record<string, unknown>> {
  const node = config.nodes[name];
  return {
    ...config.hostVariables,
    ...host.variables,
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
