import type { CloudReference, CloudResource } from '../../tools/ports.ts';
import type { Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';

/**
 * Why something cannot go: the thing itself, then what holds it, then what holds that, to the last that nothing holds. Of several holders the one
 * with the longest way to the end is told, for it goes last. Ends also where security groups refer to each other.
 */
export function chainOf(reference: CloudReference, findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map(findings.map((finding) => [keyOf(finding.resource), finding]));
  const start = byKey.get(keyOf(reference));
  if (start === undefined) return [];
  const holders = holdersOf(findings);
  // Breadth first, so that each is reached once, whatever the cycles; the last one reached is the farthest.
  const cameFrom = new Map<Finding, Finding | undefined>([[start, undefined]]);
  let last = start;
  for (const finding of cameFrom.keys()) {
    last = finding;
    for (const holder of holders(finding)) if (!cameFrom.has(holder)) cameFrom.set(holder, finding);
  }
  const chain: Finding[] = [];
  for (let at: Finding | undefined = last; at !== undefined; at = cameFrom.get(at)) chain.unshift(at);
  return chain;
}

/** The chain in one line: 'sg-0a1 <- eni-9f2 <- load balancer k8s-web-1 <- Ingress web/shop'. */
export function chainText(chain: readonly Finding[]): string {
  const origin = chain.at(-1)?.origin;
  return [...chain.map(({ resource }) => nameOf(resource)), ...(origin === undefined ? [] : [origin])].join(' <- ');
}

/** How a person calls it: an EC2 id says its kind itself, a name and an ARN do not. */
export function nameOf({ kind, id, name }: Pick<CloudResource, 'kind' | 'id' | 'name'>): string {
  if (/^(i|vol|snap|eni|sg|subnet|rtb|igw|vpc|eipalloc|nat|vpce|pcx|vgw|acl)-/.test(id)) return id;
  const short = name === '' ? (id.split('/').at(-1) ?? id) : name;
  return `${kind.replaceAll('-', ' ')} ${kind === 'dns-record' ? id.split('/').slice(1).join(' ') : short}`;
}

/**
 * Who keeps a thing from going: who holds it, and what it can only go with. What AWS no longer has holds nothing, and a thing does not hold that
 * with which it goes itself.
 */
function holdersOf(findings: readonly Finding[]): (held: Finding) => readonly Finding[] {
  const holders = new Map<string, Set<Finding>>();
  const held = new Map<Finding, Set<string>>();
  const tie = (key: string, holder: Finding): void => {
    if (key === keyOf(holder.resource)) return;
    holders.set(key, (holders.get(key) ?? new Set()).add(holder));
    held.set(holder, (held.get(holder) ?? new Set()).add(key));
  };
  const present = findings.filter(({ resource }) => resource.phase !== 'gone');
  const byKey = new Map(present.map((finding) => [keyOf(finding.resource), finding]));
  for (const finding of present) {
    const { holds, diesWith } = finding.resource;
    const parent = diesWith === undefined ? undefined : byKey.get(keyOf(diesWith));
    if (parent !== undefined) tie(keyOf(finding.resource), parent);
    for (const one of holds) if (diesWith === undefined || keyOf(one) !== keyOf(diesWith)) tie(keyOf(one), finding);
  }
  return ({ resource }) => {
    const all = holders.get(keyOf(resource)) ?? new Set();
    // A load balancer holds a group itself and through its interfaces, and these are what a person must see: without those who hold another of them.
    const near = [...all].filter((one) =>
      [...(held.get(one) ?? [])].every((key) => {
        const other = byKey.get(key);
        return other === undefined || !all.has(other) || holders.get(keyOf(one.resource))?.has(other) === true;
      }),
    );
    return near.length === 0 ? [...all] : near;
  };
}
