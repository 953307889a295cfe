import { join } from 'node:path';
import { startChild } from '../../tools/children.ts';
import { textFiles } from '../../tools/files.ts';
import { foldersIn, writeQuick } from '../../tools/folders.ts';
import type { RecordedProcess, SandboxState } from '../state.ts';
import type { Children } from '../supervisor/children.ts';
import type { FarSide } from '../supervisor/far-side.ts';
import { readFarMachines, tellConsole } from './far-machines.ts';
import type { FarMachines } from './far-machines.ts';
import { listeners } from '../front/server.ts';
import type { Front } from '../front/server.ts';
import { findCluster } from './cluster-file.ts';
import { firewallOf } from './firewall.ts';
import { openFollower } from './follow.ts';
import type { FollowWorld } from './follow.ts';
import { consoleOf, readRecord } from './host.ts';
import type { HostImage } from './image.ts';
import { namesOf } from './names.ts';
import type { HostNames } from './names.ts';
import type { PublicRange } from './ranges.ts';
import { hostsFolder, removeHosts } from './removal.ts';
import { applyRules, entrance, openRouter } from './router.ts';
import { relayFrom, relayOut } from './services/listeners.ts';
import { ports } from './services/ports.ts';
import type { ServicesSettings } from './services/ports.ts';
import { viewFile } from './services/view.ts';
import type { View } from './services/view.ts';
import { run, systemEnvironment } from './shell.ts';

export interface HostsOptions {
  /** Folder of the sandbox. */
  readonly sandbox: string;
  readonly program: string;
  readonly node: string;
  readonly image: HostImage;
  readonly user: string;
  /** Ranges of addresses that the configuration lets in: this machine stands for the first. */
  readonly allow: readonly string[];
  readonly owner?: RecordedProcess;
  readonly children: Children;
  /** How packages and images are served, where there are any: the entry of `supply/main`. */
  readonly supply?: string;
  /** What that entry may inherit, so that it finds what was made. */
  readonly environment: Readonly<Record<string, string>>;
  /** How the servers beside the hosts are started: the entry of `services/main`. */
  readonly services: string;
  /** How what stands for load balancers is started: the entry of `balancer/main`; and the names that it has a certificate for. */
  readonly balancer: string;
  readonly names: readonly string[];
  say(text: string): void;
}

/** Servers of this machine that hosts reach at the service address. */
export interface LocalServers {
  /** Endpoint of the local AWS. */
  readonly aws: string;
  /** Port of the mirror of charts and manifests. */
  readonly mirror: number;
}

/** The network of the hosts, before there is an AWS that could ask for any. */
export interface HostNetwork {
  readonly range: PublicRange;
  /** Where hosts, and this machine, find what they would find in the internet. */
  readonly mirrors: SandboxState['mirrors'];
  /** How a program is started that shall reach the hosts and be reached by them, at which address, and where AWS is then. */
  readonly inside: { readonly argv: readonly string[]; readonly address: string; readonly aws: string };
  /** Serves hosts to the instances of this AWS. */
  open(servers: LocalServers): Promise<Hosts>;
}

export interface Hosts {
  /** One look at AWS, and what follows from it. */
  follow(farSide: Pick<FarSide, 'records' | 'loadBalancers'>): Promise<void>;
  /** Ends all and removes all. */
  remove(): Promise<void>;
  /** A kubeconfig of the cluster that the hosts have become, for programs inside; undefined before that. */
  cluster(): string | undefined;
  /** What stands for load balancers. */
  readonly front: Front;
}

/** Registries that charts and manifests of the platform name; the supply stands for all of them. */
const registries = [
  'registry.k8s.io',
  'docker.io',
  'quay.io',
  'ghcr.io',
  'gcr.io',
  'public.ecr.aws',
  'ecr-public.aws.com',
];

/** Makes router and guard. Every name is known from the folder, so nothing is ever made that a later `down` cannot find. */
export async function openHostNetwork(options: HostsOptions): Promise<HostNetwork> {
  const folder = hostsFolder(options.sandbox);
  const names = namesOf(options.sandbox);
  await run('mkdir', '-p', folder);
  await writeQuick(join(folder, 'guarded'), `${names.key}\n`);
  await startGuard(options, folder, names);
  const range = await openRouter(folder, names);
  const mirror = `http://${range.service}:${ports.mirror}`;
  const supply = `http://${range.service}:${ports.supply}`;
  const mirrors = {
    charts: `${mirror}/charts`,
    manifests: `${mirror}/manifests`,
    ...(options.supply !== undefined && {
      apt: `${supply}/apt/`,
      registries: Object.fromEntries(registries.map((name) => [name, supply])),
    }),
  };
  const inside = { argv: into(names), address: range.service, aws: `http://${range.service}:${ports.aws}` };
  return { range, mirrors, inside, open: (servers) => openHosts(options, { folder, names, range, servers }) };
}

const into = ({ router }: HostNames): readonly string[] => ['nsenter', `--net=/run/netns/${router}`];

/** Removes the hosts of an owner who was killed together with the supervisor. */
async function startGuard({ owner, program }: HostsOptions, folder: string, { key }: HostNames): Promise<void> {
  if (owner === undefined) return;
  const script = join(program, 'sandbox', 'hosts', 'guard.sh');
  const argv = ['sh', script, key, folder, String(owner.pid), owner.startTime];
  await startChild({ argv, env: systemEnvironment, cwd: '/', log: join(folder, 'guard.log'), detached: true });
}

interface Place {
  readonly folder: string;
  readonly names: HostNames;
  readonly range: PublicRange;
  readonly servers: LocalServers;
}

async function openHosts(options: HostsOptions, { folder, names, range, servers }: Place): Promise<Hosts> {
  const { image, program, say } = options;
  const endpoint = servers.aws;
  const world: FollowWorld = {
    folder,
    names,
    endpoint,
    say,
    scripts: join(program, 'sandbox', 'hosts'),
    root: image.root,
    user: options.user,
    sources: [`deb [trusted=yes] http://${range.service}:${ports.debian} ./`],
  };
  const wanted = [
    { name: 'aws', port: ports.aws, to: Number(new URL(endpoint).port) },
    { name: 'mirror', port: ports.mirror, to: servers.mirror },
  ].map((one) => ({ ...one, socket: `/run/platform-${names.key}.${one.name}.sock` }));
  await run('rm', '-f', ...wanted.map(({ socket }) => socket));
  const relays = await Promise.all(wanted.map(({ socket, to }) => relayFrom(socket, to)));
  const settings: ServicesSettings = {
    service: range.service,
    packages: image.packages,
    relays: wanted.map(({ port, socket }) => ({ port, socket })),
  };
  await writeQuick(join(folder, 'services.json'), JSON.stringify(settings));
  await startServers(options, folder, names, range);
  const ways = await Promise.all(listeners.map(({ port }) => relayOut(range.gateway, port)));
  const client = { address: range.client, standsFor: options.allow[0]?.split('/')[0] ?? range.client };
  const follower = openFollower(world);
  const consoles = new Map<string, string>();
  let rules = '';
  let view = '';
  let cluster: string | undefined;
  return {
    cluster: () => cluster,
    front: {
      connectTo: Object.fromEntries(
        listeners.map(({ port }, index) => [String(port), { host: '127.0.0.1', port: ways[index]?.port ?? 0 }]),
      ),
      close: async () => {
        await Promise.all(ways.map((way) => way.close()));
      },
    },
    async follow(farSide) {
      const far = await readFarMachines(endpoint);
      const next = JSON.stringify({ instances: far.instances, ...farSide } satisfies View);
      if (next !== view) await writeQuick(viewFile(folder), next);
      view = next;
      rules = await enforce(world, { ...far, client, service: range.service }, rules);
      await follower.follow(far.instances);
      await showConsoles(world, consoles);
      cluster = await findCluster(world, kubeconfigIn(folder));
    },
    async remove() {
      await follower.settled();
      await Promise.all(relays.map((relay) => relay.close()));
      await removeHosts(options.sandbox, program);
    },
  };
}

const kubeconfigIn = (folder: string): string => join(folder, 'kubeconfig');

/** Programs in the router's namespace: what stands for AWS's own services there, and for the internet. */
async function startServers(
  { children, node, sandbox, services, supply, balancer, names: zoneNames, environment }: HostsOptions,
  folder: string,
  names: HostNames,
  { service, gateway }: PublicRange,
): Promise<void> {
  const start = (name: string, env: Readonly<Record<string, string>>, ...entry: readonly string[]) =>
    children.start({
      name,
      argv: [...into(names), node, '--no-warnings', ...entry],
      env,
      log: join(sandbox, 'logs', `${name}.log`),
    });
  await start('host-services', systemEnvironment, services, folder);
  const words = ['--host', gateway, '--kubeconfig', kubeconfigIn(folder), ...zoneNames];
  await start('load-balancers', systemEnvironment, balancer, ...words);
  if (supply !== undefined) await start('supply', environment, supply, 'serve', service, String(ports.supply));
}

type Rules = FarMachines & {
  readonly client: { readonly address: string; readonly standsFor: string };
  readonly service: string;
};

/** Writes the rules when they are others than the last; gives those in force. */
async function enforce(world: FollowWorld, far: Rules, last: string): Promise<string> {
  const rules = firewallOf({ ...far, entrance, linkOf: world.names.linkOf });
  if (rules === last) return last;
  const file = join(world.folder, 'rules.nft');
  await writeQuick(file, rules);
  await applyRules(file, world.names, world.root);
  return rules;
}

const longestConsole = 64 * 1024;

/** GetConsoleOutput shows what the host has printed, the last 64 KB of it, as EC2 does. */
async function showConsoles(world: FollowWorld, shown: Map<string, string>): Promise<void> {
  for (const id of (await foldersIn(world.folder)).filter((name) => name.startsWith('i-'))) {
    if ((await readRecord(world, id)) === undefined) continue;
    const text = ((await textFiles.read(consoleOf(world, id)).catch(() => undefined)) ?? '').slice(-longestConsole);
    if (text === '' || shown.get(id) === text) continue;
    await tellConsole(world.endpoint, id, text);
    shown.set(id, text);
  }
}
