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
    for (const holder of holders.get(keyOf(finding.resource)) ?? [])
      if (!cameFrom.has(holder)) cameFrom.set(holder, finding);
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
 * Who keeps each thing from going: who holds it, and what it can only go with. What AWS no longer has holds nothing, and a thing does not hold
 * that with which it goes itself.
 */
function holdersOf(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const holders = new Map<string, Set<Finding>>();
  const tie = (held: CloudReference, holder: Finding): void => {
    if (keyOf(held) === keyOf(holder.resource)) return;
    const known = holders.get(keyOf(held));
    if (known === undefined) holders.set(keyOf(held), new Set([holder]));
    else known.add(holder);
  };
  const present = findings.filter(({ resource }) => resource.phase !== 'gone');
  const byKey = new Map(present.map((finding) => [keyOf(finding.resource), finding]));
  for (const finding of present) {
    const { holds, diesWith } = finding.resource;
    const parent = diesWith === undefined ? undefined : byKey.get(keyOf(diesWith));
    if (parent !== undefined) tie(finding.resource, parent);
    for (const held of holds) if (diesWith === undefined || keyOf(held) !== keyOf(diesWith)) tie(held, finding);
  }
  return new Map([...holders].map(([key, all]) => [key, nearest([...all], holders)]));
}

/** Without those who also hold another of them: a load balancer holds a group through its interfaces, and they are what a person must see. */
function nearest(all: readonly Finding[], holders: ReadonlyMap<string, ReadonlySet<Finding>>): readonly Finding[] {
  const isHeldBy = (one: Finding, other: Finding): boolean => holders.get(keyOf(one.resource))?.has(other) === true;
  const near = all.filter((one) => !all.some((other) => isHeldBy(other, one) && !isHeldBy(one, other)));
  return near.length === 0 ? all : near;
}
