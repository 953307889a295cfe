import { z } from 'zod';
import type { Versions } from './config.ts';
import { type Problem, readSource } from './source.ts';

const chart = z.strictObject({
  repository: z.url(),
  chart: z.string(),
  version: z.string(),
  appVersion: z.string().optional(),
});
const manifest = z.strictObject({
  url: z.url(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
});
const cni = z.strictObject({ version: z.string(), manifests: z.array(manifest) });

const versionsSchema = z.strictObject({
  kubernetes: z.string().regex(/^1\.\d+\.\d+$/, 'must be a full version such as "1.36.3"'),
  containerd: z.strictObject({ package: z.string(), version: z.string() }),
  cni: z.strictObject({ calico: cni, flannel: cni }),
  charts: z.record(z.string(), chart),
  manifests: z.record(z.string(), z.strictObject({ version: z.string(), files: z.array(manifest) })).default({}),
  images: z.record(z.string(), z.string()),
});

/** Reads `versions.yaml`: the pins, and every problem with its position. */
export function readVersions(
  file: string,
  text: string,
): { readonly versions?: Versions; readonly problems: readonly Problem[] } {
  const source = readSource(file, text);
  if (source.problems.length > 0) return { problems: source.problems };
  const parsed = versionsSchema.safeParse(source.value);
  if (parsed.success) return { versions: parsed.data, problems: [] };
  return {
    problems: parsed.error.issues.map((issue) => ({
      ...source.locate(issue.path as (string | number)[]),
      path: issue.path.join('.'),
      message: issue.message,
    })),
  };
}
