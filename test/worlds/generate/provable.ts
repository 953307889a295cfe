import type { Thing } from '../memory-aws/thing.ts';
import { unknownIdentity, type World } from '../world.ts';

const named = new Set(['key-pair', 'instance-profile', 'role', 'policy', 'dns-record', 'bucket']);

/**
 * Calls doubtful what is ours and cannot be proven any more: the records are lost, and either nothing carries a mark or somebody else carries the
 * same one. From the rules that are promised to people (docs/worlds.md), not from the product's code.
 */
export function relabel(world: World): void {
  const { aws, ledger, terraform, clusterId, story } = world;
  const twin = story.includes('twin');
  const isTree = world.tree === 'own';
  const entries = [...terraform.states.values()].flat();
  const inState = ({ kind, id }: Pick<Thing, 'kind' | 'id'>): boolean =>
    entries.some(({ thing }) => thing?.kind === kind && thing.id === id);
  const inLedger = (thing: Thing): boolean =>
    ledger.some(({ id, unique }) =>
      named.has(thing.kind)
        ? Object.values(thing.unique).some((fact) => Object.values(unique).includes(fact))
        : id === thing.id,
    );
  const isTagged = ({ tags }: Thing): boolean =>
    tags['platform/cluster'] === clusterId || tags['elbv2.k8s.aws/cluster'] === clusterId;
  const vpcIsRecorded = ledger.some(({ kind }) => kind === 'vpc') || entries.some(({ thing }) => thing?.kind === 'vpc');
  const isHome = vpcIsRecorded || !twin;

  // Nothing on this machine or beside the state says anything: nobody could know that there is something to find.
  const stands = (kind: 'vpc' | 'instance'): boolean =>
    ledger.some((entry) => entry.kind === kind && aws.find(kind, entry.id) !== undefined);
  const isForgotten = story.includes(unknownIdentity) && !stands('vpc') && !stands('instance') && entries.length === 0;

  const isProvable = (thing: Thing): boolean => {
    if (isForgotten) return false;
    if (thing.diesWith !== undefined) {
      const parent = aws.find(thing.diesWith.kind, thing.diesWith.id);
      return parent === undefined ? false : isProvable(parent);
    }
    if (thing.kind === 'dns-record') return hasOwner(world, thing) || inState(thing);
    if (thing.kind === 'volume' && thing.tags['CSIVolumeName'] !== undefined) return isKnown(world, thing);
    if (usable.has(thing.kind) && hasDoubtfulUser(world, thing)) return false;
    // A network that only the ledger has may as well be one that the tree looks up.
    if (isTree && thing.kind === 'vpc') return inState(thing);
    if (named.has(thing.kind))
      return inLedger(thing) || (isTree && inState(thing)) || (isTagged(thing) && (inState(thing) || !twin));
    // In a network that is only looked up a mark is worth something as long as the record of that network is there.
    if (isTree && thing.vpc !== undefined && aws.find('vpc', thing.vpc)?.truth === 'foreign' && !vpcIsRecorded)
      return inState(thing) || inLedger(thing);
    if (thing.vpc !== undefined) return isHome && (inState(thing) || inLedger(thing) || isTagged(thing));
    return inState(thing) || inLedger(thing) || (isTagged(thing) && !twin);
  };
  // Twice: what is used by something doubtful is doubtful too.
  for (const thing of [...aws.all(), ...aws.all()])
    if ((thing.truth === 'ours' || thing.truth === 'data') && !isProvable(thing)) thing.truth = 'doubtful';
  // Whoever else uses it would lose it, since AWS does not refuse: it must stay.
  for (const thing of aws.all())
    if (usable.has(thing.kind) && isOurs(thing) && hasStranger(world, thing)) thing.truth = 'unknowable';
}

const isOurs = ({ truth }: Thing): boolean => truth === 'ours' || truth === 'data' || truth === 'doubtful';

/** What AWS lets go although somebody works with it. */
const usable: ReadonlySet<Thing['kind']> = new Set(['instance-profile', 'role', 'address'] as const);

/** The record beside it that says whose it is. */
function hasOwner({ aws, clusterId }: World, { id }: Thing): boolean {
  const [zone = '', , name = ''] = id.split('/');
  const host = name.replace(/^_platform-owner\./, '');
  const owner = aws.find('dns-record', `${zone}/TXT/_platform-owner.${host}`);
  return owner?.record?.values?.some((value) => value.includes(`platform/cluster=${clusterId}`)) === true;
}

/** Whether anything tells how a volume of the driver is to be reclaimed: its PersistentVolume, as long as the API can be asked. */
function isKnown({ aws, cluster, choices, ledger, reached }: World, { id }: Thing): boolean {
  if (!cluster.alive || choices.awsOnly || reached === 'decoy') return false;
  // Whose cluster it is may not be provable without a record.
  if (!ledger.some(({ kind }) => kind === 'kubernetes')) return false;
  // It may die before the first inventory has got through.
  if (cluster.diesAfter < 20 || (cluster.diesAfter < 1000 && aws.faults.length > 0)) return false;
  return cluster
    .list('PersistentVolume')
    .some(({ spec }) => (spec?.['csi'] as { volumeHandle?: string } | undefined)?.volumeHandle === id);
}

function usersOf({ aws }: World, thing: Thing): readonly Thing[] {
  const users = aws.holdersOf(thing);
  return [...users, ...users.flatMap((user) => aws.holdersOf(user))];
}

const hasStranger = (world: World, thing: Thing): boolean =>
  usersOf(world, thing).some((user) => user.kind === 'instance' && !isOurs(user));

const hasDoubtfulUser = (world: World, thing: Thing): boolean =>
  usersOf(world, thing).some(({ truth }) => truth === 'doubtful');
