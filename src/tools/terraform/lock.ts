import { PlatformError } from '../../errors.ts';
import type { Clock, Exit, TerraformRoot } from '../ports.ts';
import { errorsOf, readMessages } from './messages.ts';

/** Who holds the state. The keys are Terraform's own: the content of KEY.tflock in S3, and of .terraform.tfstate.lock.info. */
export interface TerraformLock {
  readonly ID: string;
  readonly Operation?: string;
  readonly Who?: string;
  readonly Version?: string;
  readonly Created?: string;
  readonly Path?: string;
  readonly Info?: string;
}

/** The holder as a refusal tells it: with `-json` it is only prose in the diagnostic's detail, without it the same prose (1.11.4). */
export function lockIn(exit: Exit): TerraformLock | undefined {
  const refused = /acquiring the state lock/i;
  const plain = exit.tail.join('\n');
  const held =
    errorsOf(readMessages(exit.tail)).find(({ summary }) => refused.test(summary)) ??
    (refused.test(plain) && !plain.includes('{"@level"') ? { detail: plain } : undefined);
  if (held === undefined) return undefined;
  const field = (name: string): string =>
    new RegExp(`^[^\\w]*${name}:\\s*(.*)$`, 'm').exec(held.detail ?? '')?.[1]?.trim() ?? '';
  return {
    ID: field('ID'),
    Operation: field('Operation'),
    Who: field('Who'),
    Version: field('Version'),
    // Go's own way of writing a time, where the lock object has RFC 3339.
    Created: field('Created').replace(/^(\S+) (\S+) \+0000 UTC$/, '$1T$2Z'),
    Path: field('Path'),
  };
}

/** TERRAFORM_LOCKED with holder and age. */
export function lockedError(root: TerraformRoot, lock: TerraformLock, clock: Clock): PlatformError {
  const since = Date.parse(lock.Created ?? '');
  const age = Number.isNaN(since) ? '' : `, ${ageOf(clock.now() - since)} ago`;
  const who = lock.Who === undefined || lock.Who === '' ? 'someone' : lock.Who;
  const operation = (lock.Operation ?? '').replace(/^OperationType/, '').toLowerCase();
  return new PlatformError('TERRAFORM_LOCKED', {
    message: `${who} holds the Terraform state of ${root.name}${operation === '' ? '' : ` (${operation})`} since ${lock.Created ?? 'an unknown time'}${age}`,
    class: 'transient',
    next: ['wait until that run has ended', `if it is certainly dead: platform unlock (lock ${lock.ID})`],
    facts: { root: root.name, lockId: lock.ID, who, operation, created: lock.Created ?? '' },
  });
}

function ageOf(duration: number): string {
  const minutes = Math.max(0, Math.round(duration / 60_000));
  if (minutes < 1) return 'less than a minute';
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
