import { PlatformError } from '../../errors.ts';
import type { CloudReference } from '../../tools/ports.ts';
import { chainOf, chainText } from './blockers.ts';
import type { Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';
import { nameOf } from './sweep-words.ts';

/**
 * The error that names everything that is left, who holds it, what AWS said, and what to do. NOT_READY_IN_TIME where AWS itself is late with
 * all of it, else LEFTOVERS; `code` says which where that is no question.
 */
export function leftoversError(
  title: string,
  left: readonly Finding[],
  seen: readonly Finding[],
  {
    code,
    next = [],
    reasonOf = () => undefined,
  }: {
    readonly code?: 'LEFTOVERS';
    readonly next?: readonly string[];
    reasonOf?(reference: CloudReference): string | undefined;
  } = {},
): PlatformError {
  const keys = new Set(left.map(({ resource }) => keyOf(resource)));
  const named = left.filter(({ resource: { diesWith } }) => diesWith === undefined || !keys.has(keyOf(diesWith)));
  const judged = named.map((finding) => {
    const chain = chainOf(finding.resource, seen);
    const last = chain.at(-1) ?? finding;
    return { finding, chain, last, reason: reasonOf(last.resource) ?? reasonOf(finding.resource) };
  });
  const lines = judged.map(({ finding, chain, reason }) => {
    const held = chain.length > 1 ? `: ${chainText(chain)}` : '';
    return `${nameOf(finding.resource)}${held}${reason === undefined ? '' : ` (${reason})`}`;
  });
  const strangers = judged.filter(({ last }) => isStranger(last));
  return new PlatformError(code ?? (judged.every(({ last }) => isLate(last)) ? 'NOT_READY_IN_TIME' : 'LEFTOVERS'), {
    message: `${title}: ${lines.join('; ')}`,
    next: [
      ...next,
      ...new Set(judged.map(({ last }) => nextOf(last))),
      'then run the same command again: it goes on with what is left',
    ],
    facts: {
      left: named.length,
      resources: named.map(({ resource }) => `${resource.kind} ${resource.id}`).join(', '),
      ...(strangers.length > 0 && { foreign: [...new Set(strangers.map(({ last }) => last.resource.id))].join(', ') }),
    },
  });
}

const isStranger = ({ class: ownership }: Finding): boolean => ownership !== 'owned' && ownership !== 'data';

export const isLate = (finding: Finding): boolean =>
  finding.resource.phase === 'going' || (finding.resource.managedBy !== undefined && finding.class !== 'foreign');

/** What a person can do about the last of a chain, the one that nothing else holds. */
export function nextOf(finding: Finding): string {
  const { resource, because, kept, terraform } = finding;
  const name = nameOf(resource);
  if (isLate(finding))
    return `wait for AWS to end ${name}${resource.managedBy === undefined ? '' : `, which ${resource.managedBy} made`}`;
  if (isStranger(finding)) return `have the owner of ${name} take it away: it is not ours (${because})`;
  if (kept !== undefined) return `${name} stays: ${kept}`;
  if (terraform !== undefined) return `${name} is Terraform's (${terraform.address})`;
  if (resource.diesWith !== undefined) return `${name} goes with ${resource.diesWith.kind} ${resource.diesWith.id}`;
  return `look at ${name}, and who uses it, in the console of AWS`;
}
