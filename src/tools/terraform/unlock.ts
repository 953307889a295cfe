import type { TerraformRoot } from '../ports.ts';
import type { CallScope, Terraform, TerraformOptions } from './call.ts';
import { explainTerraform } from './failures.ts';
import { lockedError, type TerraformLock } from './lock.ts';
import type { WorkingCopy } from './working-copy.ts';

/** Releases a lock that is proven to be of our own dead attempt, and says so; any other is TERRAFORM_LOCKED. */
export async function releaseOwnLock(
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  lock: TerraformLock,
  scope: CallScope,
): Promise<string> {
  if (!(await options.ownDeadAttempt(lock, root))) throw lockedError(root, lock, options.clock);
  // Asked again just before: whoever took the lock since then is not dead.
  const now = await options.readLock(root);
  if (now !== undefined && now.ID !== lock.ID) throw lockedError(root, now, options.clock);
  if (now !== undefined) {
    const exit = await calls.write(copy, ['force-unlock', '-no-color', '-force', lock.ID], scope);
    // Local state: the kernel took the lock away with the process, and only a file that looks like one stayed.
    const gone = exit.tail.some((line) => line.includes('not locked'));
    if (exit.code !== 0 && !gone) throw explainTerraform(root, 'force-unlock', exit);
  }
  return `released the lock ${lock.ID} of ${lock.Who ?? 'unknown'}: it was ours, and its Terraform is dead`;
}
