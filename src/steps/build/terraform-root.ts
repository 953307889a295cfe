import type { Json } from '../../engine/types.ts';
import type { PlatformConfig } from '../../config/config.ts';
import type { ResourceChange, TerraformRoot } from '../../tools/ports.ts';
import { stateKey } from '../names.ts';
import type { StateBackend } from './state-backend.ts';

/** One of our roots, or the user's own tree in place of `cluster`. */
export function terraformRoot(
  config: PlatformConfig,
  name: 'foundation' | 'cluster',
  backend: StateBackend,
  variables: Readonly<Record<string, Json>>,
): TerraformRoot {
  const own = config.terraform.dir;
  return {
    name,
    directory: own ?? `${config.program}/terraform/${name}`,
    variables: own === undefined ? variables : renamed({ ...variables, ...further(config) }, config.terraform.vars),
    ...(backend.bucket === null
      ? {}
      : {
          backend: {
            bucket: backend.bucket,
            key:
              (config.state.kind === 's3' && own !== undefined ? config.state.key : undefined) ??
              stateKey(config, `${name}.tfstate`),
            region: config.region,
          },
        }),
  };
}

/** What trees of others ask for beside the variables of ours. */
const further = (config: PlatformConfig): Readonly<Record<string, Json>> => ({
  name: config.name,
  domain: config.domain ?? null,
  ssh_public_key_path: `${config.access.sshKey}.pub`,
});

/** For a foreign tree only the variables that the map names are passed, and its own default where we have no value. */
function renamed(
  variables: Readonly<Record<string, Json>>,
  map: Readonly<Record<string, string>>,
): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(map)
      .map(([ours, theirs]) => [theirs, variables[ours] ?? null] as const)
      .filter(([, value]) => value !== null),
  );
}

/** "3 to create, 1 to update": for the plan and for reasons. */
export function summarize(changes: readonly ResourceChange[]): string {
  const counts = new Map<string, number>();
  for (const change of changes) {
    const kind =
      change.actions.includes('delete') && change.actions.includes('create')
        ? 'replace'
        : (change.actions[0] ?? 'no-op');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} to ${kind}`).join(', ');
}

export const previewOf = (changes: readonly ResourceChange[]): readonly string[] =>
  changes.map(
    (change) =>
      `${change.actions.join('+')} ${change.address}${change.reason === undefined ? '' : ` (${change.reason})`}`,
  );
