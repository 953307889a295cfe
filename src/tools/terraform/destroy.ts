import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import type { ResourceChange, StateResource, TerraformRoot } from '../ports.ts';
import { plan, type PlanAhead, planAndApply, type WorkScope } from './apply.ts';
import type { Terraform, TerraformOptions } from './call.ts';
import { explainTerraform } from './failures.ts';
import { readState, readStored } from './state.ts';
import { releaseOwnLock } from './unlock.ts';
import type { WorkingCopy } from './working-copy.ts';
import { lockIn } from './lock.ts';

export interface DestroyScope extends WorkScope {
  agree?(changes: readonly ResourceChange[]): void;
}

/**
 * Plans the destruction of all that the state holds, has the plan agreed to, and applies exactly that plan file; `ahead` is such a
 * plan. With an empty state no provider is started. A plan that would do anything but delete is never applied.
 */
export async function destroyRoot(
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  scope: DestroyScope,
  ahead?: PlanAhead,
): Promise<void> {
  if (ahead === undefined && (await heldBy(calls, options, root, copy, scope.signal)).length === 0) {
    scope.note(`the state of ${root.name} holds nothing`);
    return;
  }
  const destroy = async (words: readonly string[], plan?: PlanAhead): Promise<unknown> =>
    await planAndApply(calls, options, root, copy, words, scope, {
      ...(plan === undefined ? {} : { ahead: plan }),
      words: 'resources destroyed',
      judge: (changes) => {
        refuseAllButDeletions(root, changes);
        scope.agree?.(changes);
      },
    });
  try {
    await destroy(fromState, ahead);
  } catch (error) {
    if (!isAboutWhatIsGone(error)) throw error;
    scope.note('something in the state is gone from AWS already: comparing the state with AWS');
    await destroy(['-destroy']).catch((second: unknown) => {
      // A comparison that fails by itself says nothing about what stands in the way.
      throw second instanceof PlatformError && second.message.startsWith('terraform plan ') ? error : second;
    });
  }
}

/**
 * What is destroyed is what the state holds: comparing it with AWS first costs reading calls for every resource (measured
 * on five: 5.7 s against 3.3 s) and fails where a data source cannot be read any more (an image that was withdrawn, a
 * zone that was deleted). The provider takes a deletion of what is gone as done; where it does not, the state is compared
 * after all.
 */
const fromState = ['-destroy', '-refresh=false'];

/** The plan of a destruction, kept in a file. */
export async function planDestruction(
  calls: Terraform,
  { folder }: Pick<TerraformOptions, 'folder'>,
  root: TerraformRoot,
  copy: WorkingCopy,
  scope: WorkScope,
): Promise<PlanAhead> {
  const file = join(folder, 'terraform', root.name, 'destroy.tfplan');
  return { ...(await plan(calls, root, copy, [...fromState, `-out=${file}`], scope)), file };
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
  const held = await heldBy(calls, options, root, copy, scope.signal);
  const recorded = new Set(held.map(({ address }) => address));
  const present = addresses.filter((address) => recorded.has(address));
  if (present.length === 0) return;
  for (let round = 1; ; round++) {
    const exit = await calls.write(copy, ['state', 'rm', '-no-color', ...present], { signal: scope.signal });
    if (exit.code === 0) return;
    const lock = lockIn(exit);
    if (round > 1 || lock === undefined) throw explainTerraform(root, 'state rm', exit);
    scope.note(await releaseOwnLock(calls, options, root, copy, lock, scope));
  }
}

/** What the state holds, without starting Terraform where that can be: each start asks AWS several times who we are. */
const heldBy = async (
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  signal: AbortSignal,
): Promise<readonly StateResource[]> =>
  (await readStored(options, root)) ?? (await readState(calls, root, copy, signal));

/** True when the backend's bucket does not exist: then there is no state, and nothing that it could hold. */
export function isBucketMissing(error: unknown): boolean {
  return error instanceof PlatformError && error.facts['reason'] === 'no-state-bucket';
}

function isAboutWhatIsGone(error: unknown): boolean {
  return (
    error instanceof PlatformError &&
    error.code === 'TOOL_FAILED' &&
    /NotFound|NoSuch|not found|does not exist|IncorrectState|IncorrectInstanceState/i.test(error.message)
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
