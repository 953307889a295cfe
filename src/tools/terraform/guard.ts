import { PlatformError } from '../../errors.ts';
import type { ResourceChange, TerraformRoot } from '../ports.ts';

/** What holds data, addresses that others know, or running work: a build never replaces or deletes it by itself. */
const precious: ReadonlySet<string> = new Set([
  'aws_instance',
  'aws_ebs_volume',
  'aws_eip',
  'aws_s3_bucket',
  'aws_vpc',
  'aws_subnet',
  'aws_route53_zone',
  'aws_db_instance',
  'aws_efs_file_system',
]);

export type AllowReplace = (change: ResourceChange, root: TerraformRoot) => boolean | Promise<boolean>;

const meanings: Readonly<Record<string, string>> = {
  tainted: 'it was marked as damaged by an interrupted or failed apply',
  cannot_update: 'a changed setting cannot be changed in place',
  requested: 'its replacement was asked for',
  replace_by_triggers: 'something that it depends on is replaced',
  delete_because_no_resource_config: 'the configuration no longer has it',
  delete_because_each_key: 'the configuration no longer lists it',
  delete_because_count_index: 'the configuration counts fewer',
  drift: 'it was changed outside Terraform',
};

const remedies: Readonly<Record<string, string>> = {
  tainted: 'if the machine is healthy, run platform settle: it takes the mark away',
  cannot_update:
    'find the changed setting: a newest-image lookup must be ignored (ignore_changes = [ami]); platform node replace replaces one machine knowingly',
  delete_because_each_key: 'put the node back into platform.yaml, or drain and remove it with platform node',
};

/** Refuses a plan that would replace or delete what a build must keep, naming each address with its reason. */
export async function refuseLosses(
  root: TerraformRoot,
  changes: readonly ResourceChange[],
  allow: AllowReplace,
): Promise<void> {
  const losses: ResourceChange[] = [];
  for (const change of changes) {
    if (change.actions.includes('delete') && precious.has(change.type) && !(await allow(change, root)))
      losses.push(change);
  }
  if (losses.length === 0) return;
  const said = losses.map(({ address, actions, reason = 'unknown' }) => {
    const what = actions.includes('create') ? 'replaced' : 'deleted';
    return `${address} would be ${what} (${meanings[reason] ?? reason.replaceAll('_', ' ')})`;
  });
  const reasons = [...new Set(losses.map(({ reason = '' }) => reason))];
  throw new PlatformError('STEP_FAILED', {
    message: `the plan of ${root.name} would lose what a build must keep: ${said.join('; ')}`,
    next: [
      ...reasons.flatMap((reason) => remedies[reason] ?? []),
      'platform plan shows the whole plan; nothing was changed',
    ],
    facts: { root: root.name, addresses: losses.map(({ address }) => address).join(' '), reasons: reasons.join(' ') },
  });
}
