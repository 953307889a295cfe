import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import { textFiles } from '../../tools/files.ts';
import { writeQuick } from '../../tools/folders.ts';
import type { HostNames } from './names.ts';
import { metadataAddress, nameServerAddress, publicRanges } from './ranges.ts';
import type { PublicRange } from './ranges.ts';
import { run, saidBy, succeeds } from './shell.ts';

/** The router's end of the link to this machine. */
export const entrance = 'wan';

/**
 * Makes the namespace that stands for VPC routers and the internet gateway, and this machine's only way in; found again
 * when it is there. A range of public addresses is claimed by its route, which the kernel lets exist only once.
 * SANDBOX_FAILED when the machine uses all of 203.0.113.0/24 already.
 */
export async function openRouter(folder: string, names: HostNames): Promise<PublicRange> {
  const file = join(folder, 'router.json');
  const text = await textFiles.read(file);
  const last = text === undefined ? undefined : publicRanges[(JSON.parse(text) as { readonly slot: number }).slot];
  // Killed between link and route, a router stands and is of no use yet.
  const claimed = last !== undefined && (await saidBy('ip', 'route', 'show', last.cidr, 'dev', names.link)) !== '';
  if (claimed && (await stands(names))) return last;
  if (!(await stands(names))) await build(names);
  // Half a claim of our own must not look like somebody else's.
  await succeeds('ip', 'addr', 'flush', 'dev', names.link);
  for (const range of last === undefined ? publicRanges : [last, ...publicRanges.filter((one) => one !== last)]) {
    if (!(await isFree(range))) continue;
    await writeQuick(file, `${JSON.stringify({ slot: range.slot })}\n`);
    if (await claim(range, names)) return range;
  }
  throw new PlatformError('SANDBOX_FAILED', {
    message: 'this machine uses all of 203.0.113.0/24 already: other sandboxes with hosts, or a network of its own',
    next: ['end another sandbox: platform sandbox down', 'see who uses it: ip route show root 203.0.113.0/24'],
  });
}

const stands = ({ link, router }: HostNames): Promise<boolean> =>
  succeeds('sh', '-c', 'ip link show "$1" && ip netns exec "$2" true', 'sh', link, router);

async function build({ link, router }: HostNames): Promise<void> {
  await succeeds('ip', 'link', 'del', link);
  await succeeds('ip', 'netns', 'del', router);
  await run('ip', 'netns', 'add', router);
  await run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', entrance, 'netns', router);
  await run('ip', 'link', 'set', link, 'up');
  const inside = (...words: readonly string[]): Promise<string> => run('ip', '-n', router, ...words);
  await inside('link', 'set', 'lo', 'up');
  await inside('link', 'set', entrance, 'up');
  for (const address of [metadataAddress, nameServerAddress])
    await inside('addr', 'replace', `${address}/32`, 'dev', 'lo');
  // Nothing may go through it before there are rules: the first are written with the first look at AWS.
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.all.send_redirects=0'];
  await run('nsenter', `--net=/run/netns/${router}`, 'sysctl', '-qw', ...settings);
}

/** Neither an address nor a route of this machine lies in it. */
async function isFree({ cidr }: PublicRange): Promise<boolean> {
  const taken = [
    await run('ip', '-o', 'addr', 'show', 'to', cidr),
    await run('ip', 'route', 'show', 'table', 'all', 'root', cidr),
  ];
  return taken.every((text) => text.trim() === '');
}

async function claim(range: PublicRange, { link, router }: HostNames): Promise<boolean> {
  await run('ip', '-n', router, 'addr', 'replace', range.gateway, 'peer', range.client, 'dev', entrance);
  await run('ip', '-n', router, 'addr', 'replace', `${range.service}/32`, 'dev', 'lo');
  await run('ip', 'addr', 'replace', range.client, 'peer', range.gateway, 'dev', link);
  if (await succeeds('ip', 'route', 'add', range.cidr, 'via', range.gateway, 'dev', link, 'src', range.client))
    return true;
  await succeeds('ip', 'addr', 'flush', 'dev', link);
  await succeeds('ip', '-n', router, 'addr', 'flush', 'dev', entrance);
  await succeeds('ip', '-n', router, 'addr', 'del', `${range.service}/32`, 'dev', 'lo');
  return false;
}

/** Puts the rules into force in one step; nft is the image's own, so that this machine needs none. */
export async function applyRules(file: string, names: HostNames, root: string): Promise<void> {
  const words = 'exec nsenter --net="/run/netns/$1" chroot "$2" nft -f - < "$3"';
  await run('sh', '-c', words, 'sh', names.router, root, file);
}
