import type { CloudKind, EstateScope } from '../../../src/tools/ports-estate.ts';
import { ownerPrefix, ownerText } from './listing.ts';
import type { MemoryAws } from './memory-aws.ts';
import type { Thing } from './thing.ts';

/** Kinds that are looked for only where they may stand in our way. */
const byVpcOnly: ReadonlySet<CloudKind> = new Set([
  'nat-gateway',
  'vpc-endpoint',
  'peering-connection',
  'vpn-gateway',
  'network-acl',
  'auto-scaling-group',
  'classic-load-balancer',
] as const);

/** Whether one of a scope's names leads to a thing; what is foreign is found, too. */
export function isInScope(aws: MemoryAws, thing: Thing, scope: EstateScope): boolean {
  const { kind, id, tags, vpc } = thing;
  if (thing.ofAws === true || (kind === 'network-acl' && thing.diesWith !== undefined)) return false;
  if (kind === 'peering-connection') return thing.holds.some((held) => scope.vpcs.includes(held.id));
  if (byVpcOnly.has(kind)) return vpc !== undefined && scope.vpcs.includes(vpc);
  if (scope.recorded[kind]?.includes(id) === true) return true;
  if (kind === 'dns-record') return isOurRecord(aws, thing, scope);
  if (kind === 'distribution') return thing.holds.some((held) => isFound(aws, held.kind, held.id, scope));
  if (kind === 'vpc' && scope.vpcs.includes(id)) return true;
  if (vpc !== undefined && scope.vpcs.includes(vpc)) return true;
  if (
    thing.name.startsWith(`${scope.cluster}-`) ||
    tags['platform/cluster'] === scope.cluster ||
    tags['elbv2.k8s.aws/cluster'] === scope.cluster ||
    tags[`kubernetes.io/cluster/${scope.cluster}`] !== undefined
  )
    return true;
  return false;
}

function isFound(aws: MemoryAws, kind: CloudKind, id: string, scope: EstateScope): boolean {
  const thing = aws.find(kind, id);
  return thing !== undefined && isInScope(aws, thing, scope);
}

const isBelow = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);

/** With an owner record of this cluster beside it, below the domain; and the owner records of what is recorded. */
function isOurRecord(aws: MemoryAws, thing: Thing, { cluster, domain, recorded }: EstateScope): boolean {
  if (domain === undefined) return false;
  const [zone = ''] = thing.id.split('/');
  const isOwner = thing.name.startsWith(ownerPrefix);
  const host = isOwner ? thing.name.slice(ownerPrefix.length) : thing.name;
  if (isOwner && recorded['dns-record']?.some((id) => id.startsWith(`${zone}/`) && id.endsWith(`/${host}`)) === true)
    return true;
  const text = ownerText(aws, thing);
  return isBelow(host, domain) && text === `heritage=platform,platform/cluster=${cluster}`;
}
