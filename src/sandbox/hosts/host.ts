import { join } from 'node:path';
import { startChild } from '../../tools/children.ts';
import { textFiles } from '../../tools/files.ts';
import { writeQuick } from '../../tools/folders.ts';
import { lives, recordOf } from '../processes.ts';
import type { RecordedProcess } from '../state.ts';
import type { FarInstance } from './far-machines.ts';
import { machineIdOf, macOf, systemIdOf } from './names.ts';
import type { HostNames } from './names.ts';
import { placeIn } from './ranges.ts';
import { run, succeeds, systemEnvironment } from './shell.ts';

/** Where hosts live, and what all of them have in common. */
export interface HostWorld {
  /** Folder of all hosts; one below it for each. */
  readonly folder: string;
  /** `sandbox/hosts` of the installed program. */
  readonly scripts: string;
  /** Root of the image. */
  readonly root: string;
  readonly names: HostNames;
  /** Login user of the images, as their publisher chose it. */
  readonly user: string;
  /** Lines of apt's sources.list. */
  readonly sources: readonly string[];
}

/** What is written down of a host before anything of it is made. */
export interface HostRecord {
  readonly id: string;
  readonly privateAddress: string;
  /** Whether it shall run: a host that is off although it shall run has switched itself off. */
  readonly wanted: boolean;
  readonly reboots: number;
  /** The image that its disk lies on: a newer program may have another one, and must not change it under a host. */
  readonly root: string;
  readonly keeper?: RecordedProcess;
}

const folderOf = (world: HostWorld, id: string): string => join(world.folder, id);
export const consoleOf = (world: HostWorld, id: string): string => join(folderOf(world, id), 'console');

export async function readRecord(world: HostWorld, id: string): Promise<HostRecord | undefined> {
  const text = await textFiles.read(join(folderOf(world, id), 'host.json'));
  return text === undefined ? undefined : (JSON.parse(text) as HostRecord);
}

export const writeRecord = (world: HostWorld, record: HostRecord): Promise<void> =>
  writeQuick(join(folderOf(world, record.id), 'host.json'), `${JSON.stringify(record)}\n`);

/** Boots a host of this instance: a new one bare, one that was stopped with its disk. */
export async function bootHost(world: HostWorld, instance: FarInstance, known?: HostRecord): Promise<HostRecord> {
  const { id, privateAddress, reboots } = instance;
  const root = known?.root ?? world.root;
  const folder = folderOf(world, id);
  const record: HostRecord = { id, privateAddress, wanted: true, reboots, root };
  await writeRecord(world, record);
  await seed(world, instance, folder);
  const group = world.names.groupOf(id);
  await run('sh', join(world.scripts, 'group.sh'), group);
  const argv = ['sh', join(world.scripts, 'keep.sh'), folder, world.names.namespaceOf(id), group, root];
  const log = join(folder, 'keeper.log');
  const child = await startChild({ argv, env: systemEnvironment, cwd: folder, log, detached: true });
  const keeper = await recordOf(child.pid);
  const kept = { ...record, ...(keeper === undefined ? {} : { keeper }) };
  await writeRecord(world, kept);
  return kept;
}

/** Everything that the disk and the scripts must hold before the first boot; the rest is the instance's own affair. */
async function seed(world: HostWorld, instance: FarInstance, folder: string): Promise<void> {
  const { id, privateAddress, subnet, vpc } = instance;
  const parts = [
    'upper/etc/apt',
    'upper/var/lib/cloud/seed',
    'work',
    'root',
    'facts',
    'data/containerd',
    'data/kubelet',
    'data/etcd',
  ];
  await run('mkdir', '-p', ...parts.map((part) => join(folder, part)));
  await run(
    'sh',
    '-c',
    'chmod 755 "$1" "$1"/upper "$1"/upper/etc "$1"/upper/etc/apt "$1"/upper/var "$1"/upper/var/lib',
    'sh',
    folder,
  );
  const write = (path: string, text: string, mode = 0o644): Promise<void> => writeQuick(join(folder, path), text, mode);
  const network = {
    namespace: world.names.namespaceOf(id),
    router: world.names.router,
    link: world.names.linkOf(id),
    mac: macOf(id),
    address: privateAddress,
    prefix: subnet.cidr.split('/')[1] ?? '24',
    gateway: placeIn(subnet.cidr, 1),
    resolver: placeIn(vpc.cidr, 2),
  };
  await write(
    'facts/network',
    Object.entries(network)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  await write('facts/product-uuid', `${systemIdOf(id)}\n`);
  await write('facts/instance', `${id}\n`);
  if ((await textFiles.read(join(folder, 'upper/etc/machine-id'))) === undefined) {
    const hostname = `ip-${privateAddress.replaceAll('.', '-')}`;
    const keys = instance.key === '' ? [] : [instance.key.trim()];
    const told = { instance: id, hostname, user: world.user, keys, userData: instance.userData };
    await write('upper/var/lib/cloud/seed/platform.json', JSON.stringify(told), 0o600);
    await write('upper/etc/hostname', `${hostname}\n`);
    await write(
      'upper/etc/resolv.conf',
      `nameserver ${network.resolver}\nsearch ${instance.region}.compute.internal\n`,
    );
    await write('upper/etc/apt/sources.list', world.sources.map((line) => `${line}\n`).join(''));
    await write('upper/etc/machine-id', `${machineIdOf(id)}\n`, 0o444);
  }
  await run('sh', '-c', 'touch "$1/console" "$1/wanted"', 'sh', folder);
}

/** The end of what its keeper wrote: `ended 130` is a power-off, anything else a reason why it cannot run. */
export async function lastWords(world: HostWorld, id: string): Promise<string> {
  const text = (await textFiles.read(join(folderOf(world, id), 'keeper.log'))) ?? '';
  return text.trim().split('\n').slice(-2).join(' / ');
}

/** Whether anything of it runs. */
export const runs = async ({ keeper }: HostRecord): Promise<boolean> => keeper !== undefined && lives(keeper);

/** systemd's own signals: SIGRTMIN+4 is power-off, SIGRTMIN+5 reboot (systemd(1)). Linux: SIGRTMIN is 34. */
const signals = { 'power-off': 38, reboot: 39 } as const;

/** Asks the host's systemd; false when it does not run (yet). */
export async function askHost(world: HostWorld, id: string, wish: keyof typeof signals): Promise<boolean> {
  const pid = (await textFiles.read(join(folderOf(world, id), 'init.pid')))?.trim() ?? '';
  if (!/^\d+$/.test(pid)) return false;
  // A pid may be another's by now: only a process in this host's own group is meant.
  const group = await textFiles.read(`/proc/${pid}/cgroup`).catch(() => undefined);
  if (group?.includes(`/${world.names.groupOf(id)}/guest`) !== true) return false;
  return succeeds('kill', `-${signals[wish]}`, pid);
}

/** Pulls the plug: no process of it is left, its disk stays. */
export async function cutPower(world: HostWorld, id: string): Promise<void> {
  await succeeds('rm', '-f', join(folderOf(world, id), 'wanted'));
  await run('sh', join(world.scripts, 'erase.sh'), world.names.key, id);
}

/** Ends the host and removes its disk. */
export async function removeHost(world: HostWorld, id: string): Promise<void> {
  await cutPower(world, id);
  await run('rm', '-rf', '--one-file-system', folderOf(world, id));
}
