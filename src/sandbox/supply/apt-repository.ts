import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import { blobFiles } from '../../tools/blob-files.ts';
import { controlOf, fileNameOf, packDebianPackage } from './deb.ts';
import type { DebianPackage } from './deb.ts';
import { runTool } from './world.ts';
import type { SupplyRequest, SupplyWorld } from './world.ts';

/**
 * A flat repository, as pkgs.k8s.io serves one: packages, Packages, Release, and, where gpg is there, InRelease and
 * Release.key. The key is made for this one signature and its secret half is never kept.
 */
export async function writeAptRepository(
  world: SupplyWorld,
  request: SupplyRequest,
  folder: string,
  packages: readonly DebianPackage[],
): Promise<void> {
  const stanzas: string[] = [];
  for (const item of packages) {
    const file = fileNameOf(item);
    const { sha256, size } = await blobFiles.write(join(folder, file), packDebianPackage(item));
    stanzas.push(`${controlOf(item)}Filename: ./${file}\nSize: ${size}\nSHA256: ${sha256}\n`);
  }
  const list = Buffer.from(`${stanzas.join('\n')}\n`);
  await blobFiles.write(join(folder, 'Packages'), [list]);
  const architectures = [...new Set(packages.map(({ architecture }) => architecture))].join(' ');
  const release = [
    'Origin: platform sandbox',
    'Label: platform sandbox',
    `Architectures: ${architectures}`,
    `Date: ${new Date(world.clock.now()).toUTCString().replace('GMT', 'UTC')}`,
    'SHA256:',
    ` ${createHash('sha256').update(list).digest('hex')} ${list.length} Packages`,
    '',
  ].join('\n');
  await blobFiles.write(join(folder, 'Release'), [Buffer.from(release)]);
  await sign(world, request, folder);
}

async function sign(world: SupplyWorld, request: SupplyRequest, folder: string): Promise<void> {
  // A short path: gpg's agent listens on a socket in it, and a socket's path has 107 bytes at most.
  const home = await world.files.makeTemporary('/tmp', 'platform-gpg-');
  const run = (...argv: readonly string[]) =>
    runTool(world, request, {
      argv,
      cwd: folder,
      environment: { GNUPGHOME: home, LC_ALL: 'C' },
      what: 'the signature of the package repository',
      next: 'look at what gpg says',
    });
  try {
    const user = 'platform sandbox <sandbox@platform.invalid>';
    const quiet = ['gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
    await run(...quiet, '--quick-generate-key', user, 'ed25519', 'sign', 'never');
    await run(...quiet, '--clearsign', '--output', 'InRelease', 'Release');
    await run(...quiet, '--armor', '--output', 'Release.key', '--export', user);
  } catch (error) {
    // Unsigned is enough where apt is told to trust it.
    if (!(error instanceof PlatformError && error.code === 'TOOL_MISSING')) throw error;
    request.note('supply: gpg is not here: the package repository is not signed');
  } finally {
    // The agent that gpg started; one that is left over ends by itself when its folder is gone.
    await run('gpgconf', '--kill', 'all').catch(() => undefined);
    await world.files.remove(home);
  }
}
