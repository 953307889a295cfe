import type { Resource } from './wire-aws.ts';
import { keyOf, type Truths } from './wire-truth.ts';
import type { WireBase } from './wire-world.ts';

interface Place {
  readonly resources: readonly Resource[];
  readonly truths: Truths;
  /** Both Terraform states and both copies of the ledger, as text. */
  readonly records: string;
  readonly world: Pick<WireBase, 'standing' | 'isTwin' | 'twinLost'>;
}

/** Keys of what is ours and cannot be proven any more, by the rules that are promised to people (docs/ownership.md), not by the product's code. */
export function unprovable({ resources, truths, records, world }: Place): readonly string[] {
  const { standing, isTwin, twinLost } = world;
  const isRecorded = ({ id, name, ...facts }: Resource): boolean =>
    [id, facts['unique_id']].some((fact) => typeof fact === 'string' && records.includes(`"${fact}"`)) ||
    (facts.kind === 'record' && records.includes(`"${name.replace(/\.$/, '')}"`));
  const isTagged = ({ tags }: Resource): boolean => tags['platform/cluster'] === standing.clusterId;
  const vpc = resources.find(({ id }) => id === standing.vpc);
  const isHome = !isTwin || twinLost || (vpc !== undefined && isRecorded(vpc));
  const byId = new Map(resources.map((one) => [one.id, one]));
  const owners = new Set(resources.filter(({ name }) => name.startsWith('_platform-owner.')).map(({ name }) => name));

  const isProvable = (one: Resource): boolean => {
    const holder = byId.get(String(one['instance']));
    // Interfaces and disks of a machine; what the driver made and attached to a machine of ours.
    if (holder !== undefined && (one.kind === 'volume' || one.kind === 'network-interface'))
      return truths.get(keyOf(holder)) === 'ours' && isProvable(holder);
    if (one.kind === 'record')
      return isRecorded(one) || owners.has(one.name) || owners.has(`_platform-owner.${one.name}`);
    if (one['own'] === false || one['main'] === true || one.kind === 'network-interface') return isHome;
    // A recorded network without its tag is nobody's.
    if (one.kind === 'vpc') return isHome && isTagged(one);
    if (one['vpc'] !== undefined) return isHome && (isRecorded(one) || isTagged(one));
    // AWS lets a role go although a profile has it: so its profile must be ours too.
    const users = resources.filter(
      ({ kind, roles }) => kind === 'instance-profile' && Array.isArray(roles) && roles.includes(one.name),
    );
    if (one.kind === 'role' && !users.every(isProvable)) return false;
    return isRecorded(one) || (isTagged(one) && !isTwin);
  };
  return resources
    .filter((one) => ['ours', 'data'].includes(truths.get(keyOf(one)) ?? '') && !isProvable(one))
    .map(keyOf);
}
