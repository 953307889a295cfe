import { join } from 'node:path';
import { parse } from 'yaml';
import type { PlatformConfig, Versions } from '../config/config.ts';
import { overlay } from '../config/merge.ts';
import { readTextFile } from '../tools/text-files.ts';

/**
 * What the sandbox stands in for is a setting of air-gapped sites too: mirrors, and the checksums of what they serve.
 * No step knows the difference.
 */
export function withSandbox(
  config: PlatformConfig,
  mirrors: { readonly charts: string; readonly manifests: string },
): PlatformConfig {
  const pins: unknown = parse(readTextFile(join(config.program, 'sandbox', 'manifests', 'versions.yaml')) ?? '');
  return {
    ...config,
    versions: overlay(config.versions, pins) as Versions,
    mirrors: { ...config.mirrors, ...mirrors },
  };
}
