import type { CloudResource } from '../../tools/ports.ts';
import type { Evidence } from './inventory-types.ts';
import { keyOf, marksOf, type Verdict, verdict } from './ownership-marks.ts';
import { recordOf } from './ownership-records.ts';

/** Where our things may stand, and who else carries our id. */
export interface Homes {
  /** VPCs in which a mark is proof: recorded ones, or the one and only carrier of our tags. */
  readonly ids: ReadonlySet<string>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

/**
 * Judges the VPCs, on which the proof of everything inside them hangs. A recorded VPC makes every other carrier of our tags a cluster of the same
 * name (the load balancer controller marks by name alone); without a record only a single carrier is ours, since two cannot be told apart.
 */
export function judgeNetworks(resources: readonly CloudResource[], evidence: Evidence): Homes {
  const vpcs = resources.filter(({ kind }) => kind === 'vpc');
  const recorded = new Set(evidence.vpcs);
  const carriers = vpcs.filter((vpc) => !recorded.has(vpc.id) && isCarrier(vpc, evidence));
  const alive = vpcs.filter(({ id }) => recorded.has(id)).map(({ id }) => id);
  // A user's own tree tags nothing for us: whose VPC carries our id, that is somebody else's.
  const single = recorded.size === 0 && carriers.length === 1 && !evidence.bringYourOwn;
  const verdicts = new Map(
    vpcs.map((vpc) => [keyOf(vpc), judgeNetwork(vpc, evidence, { recorded, alive, carriers, single })] as const),
  );
  const isHome = (vpc: CloudResource): boolean =>
    recorded.has(vpc.id)
      ? marksOf(vpc.tags, evidence).others.length === 0
      : verdicts.get(keyOf(vpc))?.class === 'owned';
  const listed = new Set(vpcs.map(({ id }) => id));
  // Also one that is gone: target groups outlive their VPC, and no other VPC will ever get its id.
  const vanished = evidence.vpcs.filter((id) => !listed.has(id));
  return { ids: new Set([...vanished, ...vpcs.filter(isHome).map(({ id }) => id)]), verdicts };
}

interface Around {
  readonly recorded: ReadonlySet<string>;
  readonly alive: readonly string[];
  readonly carriers: readonly CloudResource[];
  readonly single: boolean;
}

function judgeNetwork(vpc: CloudResource, evidence: Evidence, around: Around): Verdict {
  const { ours, others, shared, odd, maker } = marksOf(vpc.tags, evidence);
  const isRecorded = around.recorded.has(vpc.id);
  if (isDefault(vpc)) return verdict('foreign', 'the default VPC of the account');
  if (shared !== undefined) return verdict('shared', `tag ${shared}`);
  if (others.length > 0)
    return isRecorded || ours.length > 0
      ? verdict('unknown', `recorded or tagged as ours, and tag ${others[0]} says that it is another cluster's`)
      : verdict('foreign', `tag ${others[0]}`);
  if (odd !== undefined) return verdict('unknown', odd);
  if (isRecorded) return judgeRecorded(vpc, evidence);
  if (maker !== undefined) return verdict('foreign', `made by ${maker}`);
  const tag = `tag platform/cluster=${evidence.clusterId}`;
  if (evidence.bringYourOwn && ours.length > 0)
    return verdict(
      'foreign',
      `tag ${ours[0]}, which your own tree gives to no network: another cluster of the same name`,
    );
  if (!around.carriers.includes(vpc))
    return verdict('unknown', ours.length === 0 ? 'no mark of ours' : `tag ${ours[0]} without all tags of its birth`);
  if (around.single) return verdict('owned', `${tag}, on no other VPC, and none is recorded`);
  if (around.alive.length > 0)
    return verdict(
      'foreign',
      `${tag}, but ours is the recorded ${around.alive.join(', ')}: another cluster of the same name`,
    );
  if (around.recorded.size > 0)
    return verdict(
      'unknown',
      `${tag}, but the recorded ${[...around.recorded].join(', ')} is gone and nothing records this one`,
    );
  return verdict(
    'unknown',
    `${tag}, as have ${around.carriers
      .filter((one) => one !== vpc)
      .map(({ id }) => id)
      .join(', ')}: nothing recorded tells which is ours`,
  );
}

function judgeRecorded(vpc: CloudResource, evidence: Evidence): Verdict {
  const { proof, terraform } = recordOf(vpc, evidence);
  const tag = `platform/cluster=${evidence.clusterId}`;
  if (vpc.tags['platform/cluster'] === evidence.clusterId)
    return verdict('owned', `${proof ?? 'recorded'}, tag ${tag}`);
  if (terraform !== undefined) return verdict('owned', proof ?? 'recorded');
  // A tree of the user's may stand in a VPC that it only looks up: its output tells where, not whose.
  if (evidence.bringYourOwn)
    return verdict('foreign', 'the cluster stands in it, and the Terraform state does not hold it');
  return verdict('unknown', `${proof ?? 'recorded'}, but without tag ${tag}`);
}

/** All tags that Terraform gives at birth; a copied single one is not enough where nothing is recorded. */
function isCarrier({ tags, ...rest }: CloudResource, { clusterId, environment }: Evidence): boolean {
  return (
    rest.phase !== 'gone' &&
    tags['platform/cluster'] === clusterId &&
    tags['platform/environment'] === environment &&
    marksOf(tags, { clusterId, environment }).others.length === 0
  );
}

/** Every account has one per region; whoever tagged it did not make it. */
const isDefault = ({ unique }: CloudResource): boolean => unique['default'] === 'true';
