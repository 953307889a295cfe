import type { CloudKind, EstateScope } from '../../../src/tools/ports-estate.ts';
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
  if (byVpcOnly.has(kind)) return vpc !== undefined && scope.vpcs.includes(vpc);
  if (scope.recorded[kind]?.includes(id) === true) return true;
  if (kind === 'dns-record') return scope.domain !== undefined && id.startsWith(`${aws.zones.get(scope.domain) ?? '?'}/`);
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
