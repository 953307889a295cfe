import { PlatformError } from '../errors.ts';
import type { Json, Step, StepId } from './types.ts';

/** One need of an instance, and how its output is seen: alone, maybe absent, or as a record by key. */
export interface Need {
  readonly name: string;
  readonly shape: 'one' | 'record';
  readonly members: readonly { readonly key: string; readonly id: StepId }[];
}

/** A step for one key, as this configuration has it. */
export interface Instance {
  readonly id: StepId;
  readonly key: string;
  readonly title: string;
  readonly step: Step<unknown>;
  readonly needs: readonly Need[];
  /** All instances that must be done before, each once. */
  readonly needIds: readonly StepId[];
}

/** The instances of a list for a configuration: needs first, otherwise in list order. A cycle, an id twice or a need that is not on the list is BUG. */
export function expand(steps: readonly Step<unknown>[], config: object): readonly Instance[] {
  const keysOf = membership(steps, config);
  const instances = sortByNeeds(steps).flatMap((step) =>
    (keysOf.get(step) as readonly string[]).map((key) => instance(step, key, keysOf)),
  );
  const seen = new Set<StepId>();
  for (const { id } of instances) {
    if (seen.has(id)) throw bug(`two steps have the id ${id}`);
    seen.add(id);
  }
  return instances;
}

/** The same instances, none of which begins before all the gates are done; what they see of each other stays as it is. */
export function after(gates: readonly StepId[], instances: readonly Instance[]): readonly Instance[] {
  return instances.map((one) => ({ ...one, needIds: [...new Set([...one.needIds, ...gates])] }));
}

/** What `up` is for an instance, from the outputs of its needs. */
export function upstreamOf(one: Instance, outputOf: (id: StepId) => Json | undefined): Record<string, unknown> {
  const up: Record<string, unknown> = {};
  for (const { name, shape, members } of one.needs) {
    up[name] =
      shape === 'record'
        ? Object.fromEntries(members.map(({ key, id }) => [key, outputOf(id)]))
        : members[0] && outputOf(members[0].id);
  }
  return up;
}

function membership(steps: readonly Step<unknown>[], config: object): Map<Step<unknown>, readonly string[]> {
  const keysOf = new Map<Step<unknown>, readonly string[]>();
  const ids = new Set<string>();
  for (const step of steps) {
    if (ids.has(step.id)) throw bug(`two steps have the id ${step.id}`);
    if (step.id.includes('/')) throw bug(`the id ${step.id} has a slash, which stands before a key`);
    ids.add(step.id);
    const member = step.when === undefined || step.when(config as never);
    keysOf.set(step, !member ? [] : step.forEach === undefined ? [''] : step.forEach(config as never));
  }
  return keysOf;
}

function instance(step: Step<unknown>, key: string, keysOf: ReadonlyMap<Step<unknown>, readonly string[]>): Instance {
  const needs = Object.entries(step.needs).map(([name, need]): Need => {
    const members = (keysOf.get(need) as readonly string[]).map((each) => ({ key: each, id: instanceId(need, each) }));
    return { name, shape: need.forEach === undefined ? 'one' : 'record', members };
  });
  return {
    id: instanceId(step, key),
    key,
    title: key === '' ? step.title : `${step.title} (${key})`,
    step,
    needs,
    needIds: [...new Set(needs.flatMap((need) => need.members.map((member) => member.id)))],
  };
}

function instanceId(step: Step<unknown>, key: string): StepId {
  return key === '' ? step.id : `${step.id}/${key}`;
}

/** Depth first over the needs, so that a list that is written top to bottom keeps its order; iterative, because a list may be long. */
function sortByNeeds(steps: readonly Step<unknown>[]): Step<unknown>[] {
  const listed = new Set(steps);
  const sorted: Step<unknown>[] = [];
  const state = new Map<Step<unknown>, 'open' | 'closed'>();
  for (const root of steps) {
    const stack: { step: Step<unknown>; rest: Step<unknown>[] }[] = [];
    const open = (step: Step<unknown>): void => {
      if (!listed.has(step)) throw bug(`${stack.at(-1)?.step.id} needs ${step.id}, which is not on the list`);
      if (state.get(step) === 'open') throw bug(`a cycle: ${cyclePath(stack, step)}`);
      if (state.has(step)) return;
      state.set(step, 'open');
      stack.push({ step, rest: Object.values(step.needs) });
    };
    open(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.rest.shift();
      if (next !== undefined) {
        open(next);
        continue;
      }
      state.set(top.step, 'closed');
      sorted.push(top.step);
      stack.pop();
    }
  }
  return sorted;
}

function cyclePath(stack: readonly { step: Step<unknown> }[], back: Step<unknown>): string {
  const ids = stack.map(({ step }) => step.id);
  return [...ids.slice(ids.indexOf(back.id)), back.id].join(' -> ');
}

function bug(message: string): PlatformError {
  return new PlatformError('BUG', { message });
}
