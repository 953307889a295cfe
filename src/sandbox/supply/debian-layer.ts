import { join } from 'node:path';
import { blobFiles } from '../../tools/blob-files.ts';
import { filesBelow } from '../../tools/folders.ts';
import { makeUnfinished } from '../control-plane/unfinished.ts';
import type { SupplyDescription } from './description.ts';
import { runTool } from './world.ts';
import type { SupplyRequest, SupplyWorld } from './world.ts';

/** Nothing reads these in a container. */
const leftOut = ['./usr/share', './etc/init.d', './usr/lib/*-linux-gnu/gconv'];
const reachMirror = 'let apt of this machine reach its mirror (apt-get update)';

/**
 * A layer of Debian packages with what they depend on: iptables and nft, which kube-proxy and flannel start and which are
 * not written in Go. Packages come from the mirror of this machine; its own package database is neither read nor written.
 */
export async function makeDebianLayer(
  world: SupplyWorld,
  request: SupplyRequest,
  description: SupplyDescription,
): Promise<string> {
  const place = join(request.cache, 'programs', `debian-${description.architecture}-${description.debian.join('-')}`);
  const layer = join(place, 'layer.tar');
  if ((await blobFiles.size(layer)) !== undefined) return layer;
  request.note(`supply: fetching ${description.debian.join(' and ')} with apt`);
  const folder = await makeUnfinished(world, request);
  const work = join(folder, 'work');
  const root = join(work, 'root');
  const archives = join(work, 'archives');
  const tool = (argv: readonly string[]) =>
    runTool(world, request, {
      argv,
      cwd: folder,
      environment: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      what: 'the layer of Debian packages',
      next: reachMirror,
    });
  try {
    // An empty database: everything that is needed is missing, and so everything is downloaded.
    for (const path of ['status', 'lists/partial/.keep', 'archives/partial/.keep', 'root/.keep', 'cache/.keep'])
      await blobFiles.write(join(work, path), []);
    const apt = (...rest: readonly string[]) => tool(['apt-get', ...aptOptions(work), ...rest]);
    await apt('update');
    await apt('install', '--download-only', '--yes', '--no-install-recommends', ...description.debian);
    for (const path of await filesBelow(archives))
      if (path.endsWith('.deb')) await tool(['dpkg-deb', '--extract', join(archives, path), root]);
    await blobFiles.remove(join(root, '.keep'));
    await tool([
      ...words('tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner'),
      ...leftOut.map((pattern) => `--exclude=${pattern}`),
      `--file=${join(folder, 'layer.tar')}`,
      `--directory=${root}`,
      '.',
    ]);
    await world.files.remove(work);
    await world.files.publish(folder, place);
  } finally {
    await world.files.remove(folder);
  }
  return layer;
}

const words = (text: string): readonly string[] => text.split(' ');

const aptOptions = (work: string): readonly string[] =>
  [
    `Dir::State=${work}`,
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::State::lists=${join(work, 'lists')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    `Dir::Cache::archives=${join(work, 'archives')}`,
    'Debug::NoLocking=1',
    'APT::Get::List-Cleanup=0',
    // apt's own user could not write below a home folder.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
