import { PlatformError } from '../errors.ts';
import type { EnvironmentState, StepRecord } from './fold.ts';
import type { Instance } from './graph.ts';
import type { StepId } from './types.ts';

/** What the flags say about steps. A name is a step (all its instances) or one instance. */
export interface Selection {
  /** These, and what needs them. */
  readonly from?: readonly string[];
  /** These, and what they need. */
  readonly until?: readonly string[];
  /** These and nothing else. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** Forget what is recorded as done or failed: looking decides. What is in doubt stays in doubt. */
  readonly fresh?: boolean;
  /** Recorded steps to drop from the journal. */
  readonly forget?: readonly string[];
  /** Steps in doubt that a person allows to run again (`repeat: 'ask'`). */
  readonly again?: readonly string[];
}

/** The selection, worked out for a list of instances and a journal. */
export interface Selected {
  /** Why an instance is left out; undefined when it is not. */
  leftOut(id: StepId): string | undefined;
  /** Whether something that is selected stands on it: it must be there, but is not worked on. */
  isNeeded(id: StepId): boolean;
  mayRepeat(id: StepId): boolean;
  recordOf(id: StepId): StepRecord | undefined;
  readonly forgotten: readonly StepId[];
}

/** Works out the flags. A name that neither the list nor, for `forget`, the journal knows is UNKNOWN_STEP. */
export function select(selection: Selection, instances: readonly Instance[], state: EnvironmentState): Selected {
  const named = (names: readonly string[] | undefined): Set<StepId> => instancesNamed(names ?? [], instances);
  const reason = new Map<StepId, string>();
  const keepOnly = (kept: ReadonlySet<StepId>, flag: string): void => {
    for (const { id } of instances) if (!kept.has(id) && !reason.has(id)) reason.set(id, `left out by ${flag}`);
  };
  if (selection.only?.length) keepOnly(named(selection.only), `--only ${selection.only.join(' ')}`);
  if (selection.from?.length)
    keepOnly(dependantsOf(named(selection.from), instances), `--from ${selection.from.join(' ')}`);
  if (selection.until?.length)
    keepOnly(needsOf(named(selection.until), instances), `--until ${selection.until.join(' ')}`);
  for (const id of named(selection.skip)) reason.set(id, `left out by --skip ${id}`);
  const wanted = new Set(instances.filter(({ id }) => !reason.has(id)).map(({ id }) => id));
  const needed = needsOf(wanted, instances);
  const again = named(selection.again);
  const forgotten = recordsNamed(selection.forget ?? [], state, instances);
  const dropped = new Set(forgotten);
  return {
    leftOut: (id) => reason.get(id),
    isNeeded: (id) => needed.has(id),
    mayRepeat: (id) => again.has(id),
    forgotten,
    recordOf(id) {
      const record = dropped.has(id) ? undefined : state.steps.get(id);
      const settled = record?.state === 'done' || record?.state === 'failed' || record?.state === 'applied';
      return selection.fresh === true && settled ? undefined : record;
    },
  };
}

function instancesNamed(names: readonly string[], instances: readonly Instance[]): Set<StepId> {
  const ids = new Set<StepId>();
  for (const name of names) {
    const found = instances.filter(({ id, step }) => id === name || step.id === name);
    if (found.length === 0) throw unknown(name, [...new Set(instances.map(({ step }) => step.id))]);
    for (const { id } of found) ids.add(id);
  }
  return ids;
}

function recordsNamed(names: readonly string[], state: EnvironmentState, instances: readonly Instance[]): StepId[] {
  const listed = new Set(instances.flatMap(({ id, step }) => [id, step.id]));
  return names.flatMap((name) => {
    const found = [...state.steps.keys()].filter((id) => id === name || id.startsWith(`${name}/`));
    if (found.length === 0 && !listed.has(name)) throw unknown(name, [...state.steps.keys()]);
    return found;
  });
}

/** The given instances and all that they stand on. */
export function needsOf(ids: ReadonlySet<StepId>, instances: readonly Instance[]): Set<StepId> {
  const reached = new Set(ids);
  for (const { id, needIds } of instances.toReversed())
    if (reached.has(id)) for (const need of needIds) reached.add(need);
  return reached;
}

/** The given instances and all that stands on them. */
export function dependantsOf(ids: ReadonlySet<StepId>, instances: readonly Instance[]): Set<StepId> {
  const reached = new Set(ids);
  for (const { id, needIds } of instances) if (needIds.some((need) => reached.has(need))) reached.add(id);
  return reached;
}

function unknown(name: string, known: readonly string[]): PlatformError {
  return new PlatformError('UNKNOWN_STEP', {
    message: `no step is called ${name}`,
    next: [`the steps are: ${known.join(', ')}`],
    facts: { name },
  });
}
