import type { CloudKind, CloudResource } from '../../tools/ports.ts';
import type { Evidence } from './inventory-types.ts';
import { dataVerdict } from './ownership-data.ts';
import { judgeRecord } from './ownership-dns.ts';
import { judgeInterface } from './ownership-interfaces.ts';
import type { Estate } from './ownership-estate.ts';
import { keyOf, marksOf, type Verdict, verdict } from './ownership-marks.ts';
import { type Homes, judgeNetworks } from './ownership-network.ts';
import { isNamed, recordOf } from './ownership-records.ts';
import { judgeByParent, judgeNamed, judgePlace, judgeTagged, judgeVolume, strangerWith } from './ownership-rules.ts';

/** Parents first: the verdict on an interface needs those on load balancers and instances. */
const order: readonly CloudKind[] = [
  'nat-gateway',
  'vpc-endpoint',
  'instance',
  'load-balancer',
  'target-group',
  'network-interface',
  'security-group',
  'subnet',
  'route-table',
  'internet-gateway',
  'instance-profile',
  'role',
];

/** Kinds that stand in a VPC: their place is half of the proof. */
const scoped: ReadonlySet<CloudKind> = new Set(order.filter((kind) => kind !== 'instance-profile' && kind !== 'role'));

/** Kinds that AWS deletes although someone uses them, or that `remove` takes out of the hands of whoever does. */
const unguarded: ReadonlySet<CloudKind> = new Set(['volume', 'address', 'instance-profile', 'role', 'policy'] as const);

/** Kinds that our topology never makes; a person's own tree may. */
const refused: ReadonlySet<CloudKind> = new Set([
  'nat-gateway',
  'vpc-endpoint',
  'peering-connection',
  'vpn-gateway',
  'network-acl',
  'auto-scaling-group',
  'classic-load-balancer',
  'distribution',
] as const);

/** Verdicts on everything of one listing, by `keyOf`. Pure; never throws; what is not proven ours is never `owned` or `data`. */
export function judge(resources: readonly CloudResource[], evidence: Evidence): ReadonlyMap<string, Verdict> {
  const homes = judgeNetworks(resources, evidence);
  const verdicts = new Map(homes.verdicts);
  const holders = new Map<string, CloudResource[]>();
  for (const resource of resources)
    for (const held of resource.holds) {
      const known = holders.get(keyOf(held));
      if (known === undefined) holders.set(keyOf(held), [resource]);
      else known.push(resource);
    }
  const namesake = findNamesake(resources, evidence, homes);
  const estate: Estate = {
    evidence,
    homes,
    resources,
    holders,
    verdicts,
    ...(namesake === undefined ? {} : { namesake }),
  };
  const rank = ({ kind }: CloudResource): number => (order.includes(kind) ? order.indexOf(kind) : order.length);
  const waiting = resources.filter(({ kind }) => kind !== 'vpc').sort((a, b) => rank(a) - rank(b));
  for (const resource of waiting) {
    const found = judgeOne(resource, estate);
    verdicts.set(keyOf(resource), dataVerdict(resource, found, evidence));
  }
  return verdicts;
}

/** The verdict on one resource, in the light of what else a listing showed. */
export function classify(
  resource: CloudResource,
  evidence: Evidence,
  around: readonly CloudResource[] = [resource],
): Verdict {
  const all = around.some((one) => keyOf(one) === keyOf(resource)) ? around : [...around, resource];
  return judge(all, evidence).get(keyOf(resource)) ?? verdict('unknown', 'not judged');
}

function judgeOne(resource: CloudResource, estate: Estate): Verdict {
  const { evidence } = estate;
  const marks = marksOf(resource.tags, evidence);
  const recorded = recordOf(resource, evidence);
  const { proof } = recorded;
  const isProven = proof !== undefined;
  if (resource.kind === 'bucket' && resource.id === evidence.stateBucket)
    return verdict('shared', 'holds the Terraform state, of other environments too');
  if (isOfAws(resource)) return verdict('foreign', 'made and kept by AWS');
  // The interface of a load balancer outlives it: see judgeInterface.
  if (resource.diesWith !== undefined && resource.managedBy === undefined)
    return judgeByParent(resource.diesWith, estate);
  if (marks.shared !== undefined) return verdict('shared', `tag ${marks.shared}`);
  if (marks.others.length > 0)
    return isProven || marks.ours.length > 0
      ? verdict(
          'unknown',
          `${proof ?? `tag ${marks.ours[0]}`}, but tag ${marks.others[0]} says that it is another cluster's`,
        )
      : verdict('foreign', `tag ${marks.others[0]}`);
  if (marks.odd !== undefined) return verdict('unknown', marks.odd);
  if (resource.managedBy !== undefined && resource.kind !== 'network-interface' && !isProven)
    return verdict('foreign', `made and kept by ${resource.managedBy}`);
  if (marks.maker !== undefined && !isProven) return verdict('foreign', `made by ${marks.maker}`);
  const place =
    scoped.has(resource.kind) || refused.has(resource.kind) ? judgePlace(resource, recorded, marks, estate) : undefined;
  if (place !== undefined) return place;
  if (refused.has(resource.kind))
    return isProven
      ? verdict('owned', proof)
      : verdict('unknown', `our topology never makes a ${resource.kind.replaceAll('-', ' ')}`);
  const user = unguarded.has(resource.kind) ? strangerWith(resource, estate) : undefined;
  if (user !== undefined && (isProven || marks.ours.length > 0))
    return verdict('unknown', `${proof ?? `tag ${marks.ours[0]}`}, but used by ${user}`);
  if (resource.kind === 'dns-record') return judgeRecord(resource, recorded, estate);
  if (isNamed(resource.kind)) return judgeNamed(recorded, marks, estate);
  if (isProven) return verdict('owned', proof);
  if (resource.kind === 'volume') return judgeVolume(resource, marks, estate);
  if (marks.ours.length > 0) return judgeTagged(resource, marks, estate);
  if (resource.kind === 'network-interface') return judgeInterface(resource, estate);
  return verdict('unknown', 'no mark of ours, and nothing recorded it');
}

/** What carries our id in a place that is not ours: a cluster of the same name. */
function findNamesake(resources: readonly CloudResource[], evidence: Evidence, homes: Homes): string | undefined {
  return resources.find((one) => {
    if (one.phase === 'gone' || marksOf(one.tags, evidence).ours.length === 0) return false;
    if (one.kind === 'vpc') return !homes.ids.has(one.id);
    return (
      scoped.has(one.kind) &&
      one.vpc !== undefined &&
      !homes.ids.has(one.vpc) &&
      recordOf(one, evidence).proof === undefined
    );
  })?.id;
}

const isOfAws = ({ id, unique }: CloudResource): boolean =>
  id.startsWith('AWSServiceRoleFor') ||
  id.startsWith('AWSReservedSSO_') ||
  id.startsWith('arn:aws:iam::aws:') ||
  [id, ...Object.values(unique)].some((text) => /\/aws-(service-role|reserved)\//.test(text));
