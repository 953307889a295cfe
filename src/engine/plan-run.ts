import { PlatformError } from '../errors.ts';
import type { Contexts } from './contexts.ts';
import type { Action, DurableEvent, Failure, PlanRow, ShownEvent } from './events.ts';
import { failureOf } from './failure.ts';
import { fingerprint } from './fingerprint.ts';
import type { EnvironmentState } from './fold.ts';
import { type Instance, upstreamOf } from './graph.ts';
import { limiter } from './limiter.ts';
import { type Decision, decide, decideUnseen, isInDoubt } from './plan.ts';
import { refuseGone, refuseUnmet } from './plan-refusals.ts';
import { type Selected, type Selection, select } from './select.ts';
import type { Json, StepId, StepScope } from './types.ts';

/** What a run would do, and why. JSON but for `found`; see `planDocument`. */
export interface Plan {
  readonly version: 1;
  readonly verb: string;
  readonly environment: string;
  /** Fingerprint of configuration, journal position and rows: the identity of the plan. */
  readonly digest: string;
  readonly config: string;
  /** Last sequence of the journals it was made from. */
  readonly journal: number;
  readonly rows: readonly PlanRow[];
  /** Whether anything would be, or may be, done. */
  readonly pending: boolean;
  /** Looks that failed; their rows are `known-after` nothing. */
  readonly problems: readonly { readonly step: StepId; readonly failure: Failure }[];
  /** Outputs and inputs that the looking found, for the run that follows in the same process. */
  readonly found: ReadonlyMap<StepId, Found>;
}

export interface Found {
  readonly output: Json;
  readonly inputs: string;
}

export interface PlanOptions {
  readonly verb: string;
  readonly environment: string;
  readonly instances: readonly Instance[];
  readonly config: object;
  readonly state: EnvironmentState;
  readonly contexts: Contexts;
  readonly selection: Selection;
  readonly signal: AbortSignal;
  emit(event: DurableEvent | ShownEvent): void;
  /** Looks at a time (default 8). */
  readonly looks?: number;
  /** Ids of every step of every list, members of this configuration or not: a recorded step outside is refused. Default: those of the instances. */
  readonly listed?: readonly string[];
  /** Shown in scopes; '' while only planning. */
  readonly run?: string;
}

/** Looks at everything that is selected, in graph order and without a write, and decides each row. Refusals: STEP_GONE, NEEDS_NOT_MET, UNKNOWN_STEP. */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { verb, environment, instances, config, state } = options;
  const selected = select(options.selection, instances, state);
  refuseGone(options, selected);
  const look = new Look(options, selected);
  const rows = await look.all();
  if (options.signal.aborted)
    throw new PlatformError('INTERRUPTED', {
      message: 'cancelled while looking; nothing was changed',
      next: ['type the same command again'],
    });
  refuseUnmet(rows, instances, selected);
  const configDigest = fingerprint(config);
  const journal = state.lastSequence;
  return {
    version: 1,
    verb,
    environment,
    digest: fingerprint({ verb, environment, config: configDigest, journal, rows }),
    config: configDigest,
    journal,
    rows,
    pending: rows.some(({ action }) => action !== 'keep' && action !== 'skip'),
    problems: look.problems,
    found: look.found,
  };
}

/** The plan as plain data: what --json prints and --out writes. */
export function planDocument({ found: _, ...document }: Plan): Omit<Plan, 'found'> {
  return document;
}

class Look {
  readonly found = new Map<StepId, Found>();
  readonly problems: { step: StepId; failure: Failure }[] = [];
  readonly #options: PlanOptions;
  readonly #selected: Selected;
  readonly #limit: ReturnType<typeof limiter>;
  readonly #rows = new Map<StepId, Promise<PlanRow>>();

  constructor(options: PlanOptions, selected: Selected) {
    this.#options = options;
    this.#selected = selected;
    this.#limit = limiter(options.looks ?? 8);
  }

  all(): Promise<PlanRow[]> {
    for (const one of this.#options.instances) this.#rows.set(one.id, this.#row(one));
    return Promise.all(this.#rows.values());
  }

  async #row(one: Instance): Promise<PlanRow> {
    const needs = await Promise.all(one.needIds.map((id) => this.#rows.get(id) as Promise<PlanRow>));
    const row = { step: one.id, title: one.title, needs: one.needIds };
    const leftOut = this.#selected.leftOut(one.id);
    if (leftOut !== undefined && !this.#isLookedAt(one)) return this.#leave(one, leftOut);
    const missing = needs.find(({ step, action }) => action === 'skip' && !this.found.has(step));
    if (missing !== undefined)
      return { ...row, action: 'skip', because: `needs ${missing.step}, which is ${missing.because}` };
    const after = needs.filter(({ action }) => !settled.has(action)).map(({ step }) => step);
    if (after.length > 0) return { ...row, action: 'known-after', after, because: `known after ${after.join(', ')}` };
    try {
      const { action, because, preview } = await this.#limit(() => this.#decide(one));
      return { ...row, action, because, ...(preview === undefined ? {} : { preview }) };
    } catch (error) {
      const failure = failureOf(error);
      this.problems.push({ step: one.id, failure });
      return { ...row, action: 'known-after', after: [], because: `could not be looked at: ${failure.message}` };
    }
  }

  /** What selected steps stand on is looked at, unless a person asked to leave just that out. */
  #isLookedAt({ id, step }: Instance): boolean {
    const skip = this.#options.selection.skip ?? [];
    return this.#selected.isNeeded(id) && !skip.includes(id) && !skip.includes(step.id);
  }

  #leave({ id, title, needIds }: Instance, because: string): PlanRow {
    const record = this.#selected.recordOf(id);
    if (record?.state === 'done') this.found.set(id, { output: record.output as Json, inputs: record.inputs });
    return { step: id, title, needs: needIds, action: 'skip', because };
  }

  async #decide(one: Instance): Promise<Decision> {
    const { config, contexts, emit, signal } = this.#options;
    if (signal.aborted) return { action: 'run', because: 'cancelled while looking' };
    const { spec } = one.step;
    const up = upstreamOf(one, (id) => this.found.get(id)?.output);
    const inputs = fingerprint(spec.inputs(config, up, one.key));
    const record = this.#selected.recordOf(one.id);
    const evidence = { record, inputs, repeat: spec.repeat, mayRepeat: this.#selected.mayRepeat(one.id) };
    const unseen = decideUnseen(evidence);
    if (unseen?.action === 'probe') return this.#remember(one, inputs, unseen);
    emit({ type: 'step.checking', step: one.id });
    const ctx = contexts.read(this.#scope(one));
    const decision = decide(evidence, await spec.check(ctx, up));
    // What settling writes can only be done by a run, so a plan must show it as work.
    if (
      decision.action === 'keep' &&
      record !== undefined &&
      isInDoubt(record) &&
      (spec.settle !== undefined || record.processes.length > 0)
    ) {
      return {
        action: 'run',
        because: `attempt ${record.attempts} was interrupted; its tool is settled before it is judged`,
      };
    }
    return this.#remember(one, inputs, decision.unproven ? await this.#prove(one, ctx, decision) : decision);
  }

  async #prove(one: Instance, ctx: object, decision: Decision): Promise<Decision> {
    for (const probe of one.step.spec.ready ?? []) {
      const answer = await probe.test(ctx, decision.output);
      if (answer.is !== 'ready')
        return { ...decision, action: 'probe', because: `${decision.because}; ${probe.name}: ${answer.because}` };
    }
    return decision;
  }

  #remember({ id }: Instance, inputs: string, decision: Decision): Decision {
    if (decision.output !== undefined) this.found.set(id, { output: decision.output, inputs });
    return decision;
  }

  #scope({ id, key }: Instance): StepScope {
    const { signal, run, emit } = this.#options;
    return {
      run: run ?? '',
      step: id,
      key,
      attempt: 0,
      signal,
      note: (text) => emit({ type: 'step.note', step: id, text }),
    };
  }
}

const settled: ReadonlySet<Action> = new Set(['keep', 'skip']);
