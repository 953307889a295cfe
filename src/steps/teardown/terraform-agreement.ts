import { PlatformError } from '../../errors.ts';
import type { ResourceChange, StateResource } from '../../tools/ports.ts';
import { nameOf } from './blockers.ts';
import { referenceOf } from './evidence-terraform.ts';
import type { Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';

/** What a plan of a destruction is held against. */
export interface Agreement {
  readonly root: string;
  readonly account: string;
  /** What our own state holds. */
  readonly resources: readonly StateResource[];
  /** A fresh listing of its kinds. What AWS does not show any more is in none. */
  readonly findings: readonly Finding[];
}

/** Each resource of the state with what AWS shows under its id; undefined for a part of something, or for what is gone. */
export function findingsByAddress({
  account,
  resources,
  findings,
}: Agreement): ReadonlyMap<string, readonly Finding[]> {
  const byKey = new Map(findings.map((finding) => [keyOf(finding.resource).toLowerCase(), finding]));
  const found = new Map<string, Finding[]>();
  for (const resource of resources) {
    const reference = referenceOf(resource, account);
    const finding = reference === undefined ? undefined : byKey.get(keyOf(reference).toLowerCase());
    found.set(resource.address, [...(found.get(resource.address) ?? []), ...(finding === undefined ? [] : [finding])]);
  }
  return found;
}

/**
 * Refuses a plan of a destruction, before anything is changed, that does more than delete, that deletes what our state does not hold, what is
 * not proven ours, or what is to stay. A state proves nothing by itself: a name in it may be somebody else's by now. Pure.
 */
export function agreeTo(changes: readonly ResourceChange[], agreement: Agreement): void {
  const known = findingsByAddress(agreement);
  const { root } = agreement;
  const problems: string[] = [];
  const staying: string[] = [];
  for (const { address, actions } of changes) {
    if (actions.every((action) => action === 'no-op')) continue;
    if (actions.some((action) => action !== 'delete' && action !== 'no-op'))
      problems.push(`${address} would be ${actions.join(' and ')}d`);
    const found = known.get(address);
    if (found === undefined) problems.push(`${address} is not in our state`);
    for (const finding of found ?? []) {
      const { resource, class: ownership, because, kept } = finding;
      if (ownership !== 'owned' && ownership !== 'data')
        problems.push(`${address} is ${nameOf(resource)}, which is not proven ours (${because})`);
      else if (kept !== undefined) staying.push(`${address} is ${nameOf(resource)}, which stays (${kept})`);
    }
  }
  if (problems.length > 0)
    throw new PlatformError('FOREIGN', {
      message: `Terraform would destroy more of ${root} than is ours: ${problems.join('; ')}`,
      next: [
        'nothing was destroyed; look at what is named in the console of AWS',
        'if it is not ours: terraform state rm ADDRESS in the tree, then run the same command again',
      ],
      facts: { root, addresses: problems.length },
    });
  if (staying.length > 0)
    throw new PlatformError('NEEDS_YES', {
      message: `Terraform would destroy of ${root} what stays: ${staying.join('; ')}`,
      next: ['--delete-data: it goes too', 'or take it out of the state first: terraform state rm ADDRESS'],
      facts: { root, addresses: staying.length },
    });
}
