import { readFileSync } from 'node:fs';
import { loadConfiguration, type LoadedConfiguration } from '../../src/config/load.ts';
import type { PlatformConfig } from '../../src/config/config.ts';

export const exampleText = readFileSync(new URL('../../platform.yaml', import.meta.url), 'utf8');
export const versionsText = readFileSync(new URL('../../versions.yaml', import.meta.url), 'utf8');

/** Loads a platform.yaml text as the program does, with the repository's own pins. */
export function load(text: string, environment?: string, versions = versionsText): LoadedConfiguration {
  return loadConfiguration(
    {
      root: '/project',
      program: '/program',
      file: 'platform.yaml',
      text,
      versionsFile: 'versions.yaml',
      versionsText: versions,
      ansibleDigest: () => 'digest-of-the-tree',
      home: '/home/me',
    },
    environment,
  );
}

/** The repository's own example, with parts replaced. */
export function exampleConfig(changes: Partial<PlatformConfig> = {}): PlatformConfig {
  return { ...load(exampleText, 'sandbox').config, ...changes };
}
