import type { CloudKind, CloudResource, EstateScope } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { ReadContext } from '../kit.ts';

/** So old may a listing be that stands for another one. */
export const recent = seconds(10);
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

interface Look {
  readonly began: number;
  readonly deeds: number;
  readonly look: object;
}

interface Memory {
  /** Of those that may have changed anything, and of those that change some kinds only. */
  deeds: number;
  readonly deedsOn: Map<CloudKind, number>;
  /** Of those that may have changed what listings of one look share. */
  shared: number;
  readonly listings: Map<CloudKind, Taken>;
  look?: Look;
}

/** Kinds of which nothing is shared by the listings of a look. */
const alone: ReadonlySet<CloudKind> = new Set(['dns-record', 'bucket'] as const);

/** By who reads the ledger: there is one for each process and environment, in every world that is made for its steps. */
const memories = new WeakMap<ReadContext['ledger']['entries'], Memory>();

function memoryOf({ ledger }: Pick<World, 'ledger'>): Memory {
  const memory = memories.get(ledger.entries) ?? {
    deeds: 0,
    deedsOn: new Map(),
    shared: 0,
    listings: new Map(),
  };
  memories.set(ledger.entries, memory);
  return memory;
}

/** What a listing of this kind depends on: not the records of others, of which one goes with each step. A distribution is found by its certificate. */
function scopeText(kind: CloudKind, { recorded, look: _, ...where }: EstateScope): string {
  return JSON.stringify([where, recorded[kind] ?? [], kind === 'distribution' ? (recorded.certificate ?? []) : []]);
}

const deedsOn = (memory: Memory, kind: CloudKind): number => memory.deeds + (memory.deedsOn.get(kind) ?? 0);

/** The look of a moment ago, if nothing that its listings share was changed since; else this one, which others may join for a moment. */
function joinLook({ clock }: World, memory: Memory, offered: object): object {
  const now = clock.monotonic();
  const before = memory.look;
  if (before !== undefined && now - before.began < recent && before.deeds === memory.shared) return before.look;
  memory.look = { began: now, deeds: memory.shared, look: offered };
  return offered;
}

/** One fresh listing of a kind, which the next step may use for a moment; so is all that others of the same look ask. */
export async function listNow(ctx: World, kind: CloudKind, scope: EstateScope): Listing {
  const memory = memoryOf(ctx);
  if (scope.look !== undefined && memory.look?.look !== scope.look)
    memory.look = { began: ctx.clock.monotonic(), deeds: memory.shared, look: scope.look };
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
  if (isRecent) return await taken.listing;
  return await listNow(ctx, kind, { ...scope, look: joinLook(ctx, memory, scope.look ?? {}) });
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
    if (kinds?.every((kind) => alone.has(kind)) !== true) memory.shared += 1;
  };
  count();
  try {
    return await deed();
  } finally {
    count();
  }
}
