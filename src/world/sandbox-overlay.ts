import { join } from 'node:path';
import { parse } from 'yaml';
import type { PlatformConfig, Versions } from '../config/config.ts';
import { overlay } from '../config/merge.ts';
import type { SandboxState } from '../sandbox/state.ts';
import { readTextFile } from '../tools/text-files.ts';

/** What Debian 12 has, which the hosts are. */
const debianContainerd = { package: 'containerd', version: '1.6' };

/**
 * What the sandbox stands in for is a setting of air-gapped sites too: mirrors, and the checksums of what they serve.
 * No step knows the difference.
 */
export function withSandbox(
  config: PlatformConfig,
  { mirrors, hosts }: Pick<SandboxState, 'mirrors' | 'hosts'>,
): PlatformConfig {
  const pins: unknown = parse(readTextFile(join(config.program, 'sandbox', 'manifests', 'versions.yaml')) ?? '');
  // Hosts run flannel's own images, by its own manifest.
  const own =
    hosts === undefined ? {} : { containerd: debianContainerd, cni: { flannel: config.versions.cni.flannel } };
  return {
    ...config,
    versions: overlay(overlay(config.versions, pins), own) as Versions,
    mirrors: { ...config.mirrors, ...mirrors },
    ...(hosts === undefined ? {} : { hostVariables: hosts.variables }),
  };
}
