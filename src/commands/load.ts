import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { LoadedConfiguration } from '../config/load.ts';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { CommonOptions } from './options.ts';

/** Finds platform.yaml in this folder or above, and loads one environment of it. CONFIG_NOT_FOUND, CONFIG_INVALID. */
export async function loadConfigurationOf(host: Host, options: CommonOptions): Promise<LoadedConfiguration> {
  const { readTextFile, listFilesBelow } = await import('../tools/text-files.ts');
  const { loadConfiguration } = await import('../config/load.ts');
  const found = findUpwards(host.folder, (folder) => readTextFile(join(folder, 'platform.yaml')));
  if (found === undefined) {
    throw new PlatformError('CONFIG_NOT_FOUND', {
      message: `neither ${host.folder} nor a folder above holds a platform.yaml`,
      next: ['platform init writes one'],
    });
  }
  const own = readTextFile(join(found.folder, 'versions.yaml'));
  const versionsText = own ?? readTextFile(join(host.program, 'versions.yaml')) ?? '';
  const ansibleDigest = (folder = join(host.program, 'ansible')): string => {
    const hash = createHash('sha256');
    for (const file of listFilesBelow(folder)) hash.update(file.slice(folder.length)).update(readTextFile(file) ?? '');
    return hash.digest('hex');
  };
  const files = {
    root: found.folder,
    program: host.program,
    file: 'platform.yaml',
    text: found.text,
    versionsFile: own === undefined ? join(host.program, 'versions.yaml') : 'versions.yaml',
    versionsText,
    ansibleDigest,
    home: host.home,
  };
  return loadConfiguration(files, options.env);
}

function findUpwards(
  start: string,
  read: (folder: string) => string | undefined,
): { folder: string; text: string } | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const text = read(folder);
    if (text !== undefined) return { folder, text };
    if (folder === dirname(folder)) return undefined;
  }
}
