import { join } from 'node:path';
import { startChild } from '../../tools/children.ts';
import { textFiles } from '../../tools/files.ts';
import { foldersIn, writeQuick } from '../../tools/folders.ts';
import type { RecordedProcess } from '../state.ts';
import type { Children } from '../supervisor/children.ts';
import type { FarSide } from '../supervisor/far-side.ts';
import { readFarMachines, tellConsole } from './far-machines.ts';
import type { FarMachines } from './far-machines.ts';
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
import { relayFrom } from './services/listeners.ts';
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
  /** How the servers beside the hosts are started: the entry of `services/main`. */
  readonly services: string;
  say(text: string): void;
}

/** The network of the hosts, before there is an AWS that could ask for any. */
export interface HostNetwork {
  readonly range: PublicRange;
  /** Serves hosts to the instances of this AWS. */
  open(endpoint: string): Promise<Hosts>;
}

export interface Hosts {
  /** One look at AWS, and what follows from it. */
  follow(farSide: Pick<FarSide, 'records' | 'loadBalancers'>): Promise<void>;
  /** Ends all and removes all. */
  remove(): Promise<void>;
}

/** Makes router and guard. Every name is known from the folder, so nothing is ever made that a later `down` cannot find. */
export async function openHostNetwork(options: HostsOptions): Promise<HostNetwork> {
  const folder = hostsFolder(options.sandbox);
  const names = namesOf(options.sandbox);
  await run('mkdir', '-p', folder);
  await writeQuick(join(folder, 'guarded'), `${names.key}\n`);
  await startGuard(options, folder, names);
  const range = await openRouter(folder, names);
  return { range, open: (endpoint) => openHosts(options, { folder, names, range, endpoint }) };
}

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
  readonly endpoint: string;
}

async function openHosts(options: HostsOptions, { folder, names, range, endpoint }: Place): Promise<Hosts> {
  const { image, program, say } = options;
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
  const awsSocket = `/run/platform-${names.key}.sock`;
  await run('rm', '-f', awsSocket);
  const relay = await relayFrom(awsSocket, Number(new URL(endpoint).port));
  const settings: ServicesSettings = { service: range.service, packages: image.packages, awsSocket };
  await writeQuick(join(folder, 'services.json'), JSON.stringify(settings));
  await options.children.start({
    name: 'host-services',
    argv: ['nsenter', `--net=/run/netns/${names.router}`, options.node, '--no-warnings', options.services, folder],
    env: systemEnvironment,
    log: join(options.sandbox, 'logs', 'host-services.log'),
  });
  const client = { address: range.client, standsFor: options.allow[0]?.split('/')[0] ?? range.client };
  const follower = openFollower(world);
  const consoles = new Map<string, string>();
  let rules = '';
  let view = '';
  return {
    async follow(farSide) {
      const far = await readFarMachines(endpoint);
      const next = JSON.stringify({ instances: far.instances, ...farSide } satisfies View);
      if (next !== view) await writeQuick(viewFile(folder), next);
      view = next;
      rules = await enforce(world, { ...far, client, service: range.service }, rules);
      await follower.follow(far.instances);
      await showConsoles(world, consoles);
    },
    async remove() {
      await follower.settled();
      await relay.close();
      await removeHosts(options.sandbox, program);
    },
  };
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
