import { PlatformError } from '../../errors.ts';
import type { ResourceChange, TerraformRoot } from '../ports.ts';
import { plan, planAndApply, type WorkScope } from './apply.ts';
import type { Terraform, TerraformOptions } from './call.ts';
import type { PlannedChanges } from './changes.ts';
import { explainTerraform } from './failures.ts';
import { readState } from './state.ts';
import { releaseOwnLock } from './unlock.ts';
import type { WorkingCopy } from './working-copy.ts';
import { lockIn } from './lock.ts';

export interface DestroyScope extends WorkScope {
  agree?(changes: readonly ResourceChange[]): void;
}

/**
 * Plans the destruction of all that the state holds, has the plan agreed to, and applies exactly that plan file. With an
 * empty state no provider is started. A plan that would do anything but delete is never applied.
 */
export async function destroyRoot(
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  scope: DestroyScope,
): Promise<void> {
  if ((await readState(calls, root, copy, scope.signal)).length === 0) {
    scope.note(`the state of ${root.name} holds nothing`);
    return;
  }
  await planAndApply(calls, options, root, copy, ['-destroy'], scope, {
    words: 'resources destroyed',
    judge: (changes) => {
      refuseAllButDeletions(root, changes);
      scope.agree?.(changes);
    },
    plan: async (more) => await planDestruction(calls, root, copy, more, scope),
  });
}

/**
 * A plan of the destruction, compared with AWS first. Where a data source cannot be read any more (an image that was
 * withdrawn, a zone that was deleted), the comparison is left out: what is destroyed does not depend on it.
 */
export async function planDestruction(
  calls: Terraform,
  root: TerraformRoot,
  copy: WorkingCopy,
  more: readonly string[],
  scope: WorkScope,
): Promise<PlannedChanges> {
  try {
    return await plan(calls, root, copy, more, scope);
  } catch (error) {
    if (!isDataSourceFailure(error)) throw error;
    scope.note(`${String(error.facts['address'])} cannot be read any more: planning from the state alone`);
    return await plan(calls, root, copy, [...more, '-refresh=false'], scope);
  }
}

/** Takes addresses out of the state and leaves what they name in the world. */
export async function forgetAddresses(
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  addresses: readonly string[],
  scope: WorkScope,
): Promise<void> {
  const recorded = new Set((await readState(calls, root, copy, scope.signal)).map(({ address }) => address));
  const present = addresses.filter((address) => recorded.has(address));
  if (present.length === 0) return;
  for (let round = 1; ; round++) {
    const exit = await calls.write(copy, ['state', 'rm', ...present], { signal: scope.signal });
    if (exit.code === 0) return;
    const lock = lockIn(exit);
    if (round > 1 || lock === undefined) throw explainTerraform(root, 'state rm', exit);
    scope.note(await releaseOwnLock(calls, options, root, copy, lock, scope));
  }
}

/** True when the backend's bucket does not exist: then there is no state, and nothing that it could hold. */
export function isBucketMissing(error: unknown): boolean {
  return error instanceof PlatformError && error.facts['reason'] === 'no-state-bucket';
}

function isDataSourceFailure(error: unknown): error is PlatformError {
  return (
    error instanceof PlatformError &&
    error.code === 'TOOL_FAILED' &&
    /(?:^|\.)data\./.test(String(error.facts['address'] ?? ''))
  );
}

function refuseAllButDeletions(root: TerraformRoot, changes: readonly ResourceChange[]): void {
  const others = changes.filter(({ actions }) => actions.some((action) => action !== 'delete' && action !== 'no-op'));
  if (others.length === 0) return;
  throw new PlatformError('BUG', {
    message: `the plan of ${root.name} would do more than delete: ${others.map(({ address, actions }) => `${actions.join('+')} ${address}`).join(', ')}`,
    next: ['nothing was changed; please report it with the log'],
    facts: { root: root.name },
  });
}
