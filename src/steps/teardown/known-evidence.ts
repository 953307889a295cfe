import type { CloudKind, LedgerEntry, StateResource, TerraformRoot } from '../../tools/ports.ts';
import type { ReadContext } from '../kit.ts';
import { gatherEvidence, type Identity, readIdentity, readRecords } from './evidence.ts';
import type { Evidence } from './inventory-types.ts';
import { changing, recent } from './recent-listings.ts';

interface Known {
  readonly config: object;
  readonly records: string;
  readonly identity: () => Promise<Identity | undefined>;
  /** Of the ledger and its copy. */
  readonly entries: (identity: Identity) => Promise<readonly LedgerEntry[]>;
  evidence?: Promise<Evidence | undefined>;
}

interface Memory {
  /** How often a Terraform state began or ended to change. */
  deeds: number;
  readonly states: Map<string, { readonly began: number; readonly deeds: number; readonly resources: State }>;
  known?: Known;
}

type State = Promise<readonly StateResource[]>;

/** By who reads the ledger: there is one for each process and environment, in every world that is made for its steps. */
const memories = new WeakMap<ReadContext['ledger']['entries'], Memory>();

function memoryOf({ ledger }: Pick<ReadContext, 'ledger'>): Memory {
  const memory = memories.get(ledger.entries) ?? { deeds: 0, states: new Map() };
  memories.set(ledger.entries, memory);
  return memory;
}

/** Does something after which neither listings of before nor Terraform states stand for what is there: they are read again. `kinds`: as in `changing`. */
export async function changingState<Out>(
  ctx: Pick<ReadContext, 'ledger'>,
  deed: () => Promise<Out>,
  kinds?: readonly CloudKind[],
): Promise<Out> {
  const memory = memoryOf(ctx);
  const forget = (): void => {
    memory.deeds += 1;
    delete memory.known?.evidence;
  };
  forget();
  try {
    return await changing(ctx, deed, kinds);
  } finally {
    forget();
  }
}

/** What a Terraform state holds: read less than 10 s ago by this process, if nothing of ours has changed a state since; else now. */
export async function recentState(ctx: ReadContext, root: TerraformRoot): State {
  const memory = memoryOf(ctx);
  const before = memory.states.get(root.name);
  const now = ctx.clock.monotonic();
  if (before !== undefined && now - before.began < recent && before.deeds === memory.deeds)
    return await before.resources;
  const taken = { began: now, deeds: memory.deeds, resources: ctx.terraform.resources(root, ctx.signal) };
  memory.states.set(root.name, taken);
  try {
    return await taken.resources;
  } catch (error) {
    if (memory.states.get(root.name) === taken) memory.states.delete(root.name);
    throw error;
  }
}

/** What this process knows for as long as its records stay what they are. */
async function knownOf(ctx: ReadContext): Promise<Known> {
  const memory = memoryOf(ctx);
  const records = JSON.stringify(await ctx.ledger.entries());
  const before = memory.known;
  if (before !== undefined && before.config === ctx.config && before.records === records) return before;
  const known: Known = {
    config: ctx.config,
    records,
    identity: once(() => readIdentity(ctx)),
    entries: onceFor((identity) => readRecords(ctx, identity)),
  };
  memory.known = known;
  return known;
}

/** Who this cluster is, read once in a process like what proves ownership. */
export async function knownIdentity(ctx: ReadContext): Promise<Identity | undefined> {
  return (await knownOf(ctx)).identity();
}

/** The ledger of this machine and its copy, read once in a process like what proves ownership. */
export async function knownRecords(ctx: ReadContext, identity: Identity): Promise<readonly LedgerEntry[]> {
  return (await knownOf(ctx)).entries(identity);
}

/**
 * What proves ownership, read once in a process for as long as its records and the Terraform states stay what they are: the lock of the environment
 * keeps others from changing either. undefined: nothing was ever built.
 */
export async function knownEvidence(ctx: ReadContext): Promise<Evidence | undefined> {
  const known = await knownOf(ctx);
  const read = async (): Promise<Evidence | undefined> => {
    const identity = await known.identity();
    if (identity === undefined) return undefined;
    const kubernetes = { is: 'left-out', because: 'only AWS is asked' } as const;
    return gatherEvidence(ctx, identity, kubernetes, {
      records: known.entries,
      state: (root) => recentState(ctx, root),
    });
  };
  const evidence = (known.evidence ??= read());
  try {
    return await evidence;
  } catch (error) {
    if (known.evidence === evidence) delete known.evidence;
    throw error;
  }
}

/** Does the work at the first call, and gives its answer ever after; what failed is done again. */
function once<Answer>(work: () => Promise<Answer>): () => Promise<Answer> {
  let running: Promise<Answer> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}

/** The same for what is asked with one and the same question each time. */
function onceFor<Question, Answer>(
  work: (question: Question) => Promise<Answer>,
): (question: Question) => Promise<Answer> {
  let ask: (() => Promise<Answer>) | undefined;
  return (question) => (ask ??= once(() => work(question)))();
}
