import type { CloudKind, CloudResource, LedgerEntry } from '../../tools/ports.ts';
import type { Evidence, Finding } from './inventory-types.ts';

/** What ledger and Terraform state say about one resource. */
export interface Recorded {
  /** Proven by an id that is never used twice, or by facts that a later namesake cannot have. */
  readonly proof?: string;
  /** Recorded by a name that could be used again, and nothing tells the two apart. */
  readonly byName?: string;
  /** Recorded under this name, and provably another thing. */
  readonly namesake?: string;
  readonly terraform?: NonNullable<Finding['terraform']>;
}

/** Kinds whose id is a name: whoever deletes one and makes another gets the same id. */
const named: ReadonlySet<CloudKind> = new Set([
  'key-pair',
  'instance-profile',
  'role',
  'policy',
  'dns-record',
  'bucket',
] as const);

export const isNamed = (kind: CloudKind): boolean => named.has(kind);

/** How the ledger calls a kind: the steps of the build had words of their own before there was a list of kinds. */
const ledgerKinds: Partial<Record<CloudKind, string>> = { address: 'elastic-ip', bucket: 's3-bucket' };

/** Whether an entry of the ledger is of a kind of the estate. */
export function isEntryOf(kind: CloudKind, entry: LedgerEntry): boolean {
  return entry.kind === kind || entry.kind === ledgerKinds[kind];
}

/** Looks a resource up in both records. Pure. */
export function recordOf(resource: CloudResource, evidence: Evidence): Recorded {
  const state = evidence.terraform.find(({ kind, id }) => kind === resource.kind && id === resource.id);
  const entries = evidence.ledger.filter(
    (entry) => isEntryOf(resource.kind, entry) && isAbout(entry, resource, evidence.clusterId),
  );
  const compared = entries.map((entry) => ({ entry, facts: compareFacts(entry, resource) }));
  const same = compared.find(({ facts }) => facts === 'same');
  const silent = compared.find(({ facts }) => facts === 'silent');
  const other = compared.find(({ facts }) => facts !== 'same' && facts !== 'silent');
  const terraform = state === undefined ? {} : { terraform: { root: state.root, address: state.address } };
  const stands = state === undefined ? undefined : `${state.address} of the Terraform state ${state.root}`;
  if (same !== undefined) return { proof: `recorded by step ${same.entry.step}`, ...terraform };
  const made = state?.unique === undefined ? 'silent' : compareFacts({ unique: state.unique }, resource);
  if (stands !== undefined && made === 'same') return { proof: stands, ...terraform };
  if (stands !== undefined && typeof made === 'object')
    return {
      namesake: `a later namesake: ${made.differs} is not that of ${stands}`,
      // Of our own roots the tags may still tell; a user's own tree has none.
      ...(evidence.bringYourOwn ? {} : { byName: stands }),
      ...terraform,
    };
  if (other !== undefined && typeof other.facts === 'object')
    return {
      namesake: `a later namesake: ${other.facts.differs} is not the one that step ${other.entry.step} recorded`,
      ...(stands === undefined ? {} : { byName: stands }),
      ...terraform,
    };
  if (!isNamed(resource.kind)) {
    if (silent !== undefined) return { proof: `recorded by step ${silent.entry.step}`, ...terraform };
    return stands === undefined ? {} : { proof: stands, ...terraform };
  }
  if (stands !== undefined) return { byName: stands, ...terraform };
  return silent === undefined ? {} : { byName: `recorded by step ${silent.entry.step}` };
}

/** A role was recorded by its RoleId alone, which no name leads to: the node role is the only one that the build makes. */
function isAbout(entry: LedgerEntry, resource: CloudResource, clusterId: string): boolean {
  if (entry.id === resource.id) return true;
  if (resource.kind !== 'role') return false;
  const isNodeRole = entry.step === 'infrastructure' && resource.id === `${clusterId}-node`;
  return Object.values(resource.unique).includes(entry.id) || entry.name === resource.id || isNodeRole;
}

/** Compares the facts that both sides know, whatever the case of their names; a fact that one side lacks says nothing. */
function compareFacts(
  entry: Pick<LedgerEntry, 'unique'>,
  resource: CloudResource,
): 'same' | 'silent' | { readonly differs: string } {
  const recorded = lowered(entry.unique);
  const live = lowered(resource.unique);
  const common = [...live].filter(([name]) => recorded.has(name));
  const differing = common.find(([name, value]) => recorded.get(name) !== value);
  if (differing !== undefined) return { differs: `${differing[0]} ${differing[1]}` };
  return common.length === 0 ? 'silent' : 'same';
}

const lowered = (facts: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(facts).map(([name, value]) => [name.toLowerCase(), value]));
