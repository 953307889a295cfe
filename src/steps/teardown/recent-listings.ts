import type { CloudKind, CloudResource, EstateScope } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { ReadContext } from '../kit.ts';
import { gatherEvidence, readIdentity } from './evidence.ts';
import type { Evidence } from './inventory-types.ts';

/** So old may a listing be that stands for another one. */
const recent = seconds(10);
/** The same for whoever looks for what is not ours: nothing that we do makes any of it come. */
const ofStrangers = seconds(30);

type World = Pick<ReadContext, 'estate' | 'ledger' | 'clock'>;
type Listing = Promise<readonly CloudResource[]>;

interface Taken {
  readonly began: number;
  readonly scope: string;
  /** How many deeds that change this kind had begun or ended by then. */
  readonly deeds: number;
  readonly listing: Listing;
}

interface Known {
  readonly config: object;
  readonly records: string;
  readonly evidence: Promise<Evidence | undefined>;
}

interface Memory {
  /** Of those that may have changed anything, and of those that change some kinds only. */
  deeds: number;
  readonly deedsOn: Map<CloudKind, number>;
  readonly listings: Map<CloudKind, Taken>;
  known?: Known;
}

/** By who reads the ledger: there is one for each process and environment, in every world that is made for its steps. */
const memories = new WeakMap<ReadContext['ledger']['entries'], Memory>();

function memoryOf({ ledger }: Pick<World, 'ledger'>): Memory {
  const memory = memories.get(ledger.entries) ?? { deeds: 0, deedsOn: new Map(), listings: new Map() };
  memories.set(ledger.entries, memory);
  return memory;
}

/** What a listing of this kind depends on: not the records of others, of which one goes with each step. A distribution is found by its certificate. */
function scopeText(kind: CloudKind, { recorded, ...where }: EstateScope): string {
  return JSON.stringify([where, recorded[kind] ?? [], kind === 'distribution' ? (recorded.certificate ?? []) : []]);
}

const deedsOn = (memory: Memory, kind: CloudKind): number => memory.deeds + (memory.deedsOn.get(kind) ?? 0);

/** One fresh listing of a kind, which the next step may use for a moment. */
export async function listNow(ctx: World, kind: CloudKind, scope: EstateScope): Listing {
  const memory = memoryOf(ctx);
  const taken: Taken = {
    began: ctx.clock.monotonic(),
    scope: scopeText(kind, scope),
    deeds: deedsOn(memory, kind),
    listing: ctx.estate.list(kind, scope),
  };
  memory.listings.set(kind, taken);
  try {
    return await taken.listing;
  } catch (error) {
    if (memory.listings.get(kind) === taken) memory.listings.delete(kind);
    throw error;
  }
}

/**
 * The listing that this process began less than 10 s ago for the same scope, if it has asked nothing to go since; else a fresh one. "strangers": of the
 * last 30 s, also where something of ours has gone since.
 */
export async function listRecent(
  ctx: World,
  kind: CloudKind,
  scope: EstateScope,
  { of }: { readonly of?: 'strangers' } = {},
): Listing {
  const memory = memoryOf(ctx);
  const taken = memory.listings.get(kind);
  const isRecent =
    taken !== undefined &&
    taken.scope === scopeText(kind, scope) &&
    ctx.clock.monotonic() - taken.began < (of === 'strangers' ? ofStrangers : recent) &&
    (taken.deeds === deedsOn(memory, kind) || of === 'strangers');
  return isRecent ? await taken.listing : await listNow(ctx, kind, scope);
}

/** Does something after which no listing of before stands for what is there; `kinds`: no listing of these. */
export async function changing<Out>(
  ctx: Pick<World, 'ledger'>,
  deed: () => Promise<Out>,
  kinds?: readonly CloudKind[],
): Promise<Out> {
  const memory = memoryOf(ctx);
  const count = (): void => {
    if (kinds === undefined) memory.deeds += 1;
    else for (const kind of kinds) memory.deedsOn.set(kind, (memory.deedsOn.get(kind) ?? 0) + 1);
  };
  count();
  try {
    return await deed();
  } finally {
    count();
  }
}

/** The same for a deed that changes a Terraform state too: it is read again by the next step. */
export async function changingState<Out>(
  ctx: Pick<World, 'ledger'>,
  deed: () => Promise<Out>,
  kinds?: readonly CloudKind[],
): Promise<Out> {
  try {
    return await changing(ctx, deed, kinds);
  } finally {
    delete memoryOf(ctx).known;
  }
}

/**
 * What proves ownership, read once in a process for as long as its records and the Terraform states stay what they are: the lock of the environment
 * keeps others from changing either. undefined: nothing was ever built.
 */
export async function knownEvidence(ctx: ReadContext): Promise<Evidence | undefined> {
  const memory = memoryOf(ctx);
  const records = JSON.stringify(await ctx.ledger.entries());
  const before = memory.known;
  if (before !== undefined && before.config === ctx.config && before.records === records) return await before.evidence;
  const read = async (): Promise<Evidence | undefined> => {
    const identity = await readIdentity(ctx);
    if (identity === undefined) return undefined;
    return gatherEvidence(ctx, identity, { is: 'left-out', because: 'only AWS is asked' });
  };
  const known: Known = { config: ctx.config, records, evidence: read() };
  memory.known = known;
  try {
    return await known.evidence;
  } catch (error) {
    if (memory.known === known) delete memory.known;
    throw error;
  }
}
