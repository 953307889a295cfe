import type { TeardownChoices } from '../../config/config.ts';
import { isBackup } from './backups.ts';
import type { Evidence, Finding } from './inventory-types.ts';

/** What the Terraform root `foundation` makes: also without a state, no other root of ours makes any. */
const foundationKinds = ['address', 'certificate', 'bucket'];

/** What a teardown saved outlives it. */
export const keptBackup = 'backup: --delete-data was not given';

/** Why something of ours stays all the same; undefined: it goes, or it is not ours. */
export function keptBecause(
  { resource, class: ownership, terraform }: Finding,
  { stateBucket, bringYourOwn }: Evidence,
  choices: TeardownChoices | undefined,
): string | undefined {
  if (resource.kind === 'bucket' && resource.id === stateBucket) return 'holds the Terraform state';
  if (ownership !== 'owned' && ownership !== 'data') return undefined;
  const isFoundation =
    !bringYourOwn &&
    (terraform?.root === 'foundation' || (terraform === undefined && foundationKinds.includes(resource.kind)));
  if (choices?.keepFoundation === true && isFoundation) return '--keep foundation';
  if (ownership === 'data' && choices !== undefined && !choices.deleteData)
    return isBackup(resource) ? keptBackup : 'data: --delete-data was not given';
  return undefined;
}
