import type { Audit } from '../../../../src/engine/types.ts';
import { PlatformError } from '../../../../src/errors.ts';
import type { Finding } from '../../../../src/steps/teardown/inventory-types.ts';
import { keyOf } from '../../../../src/steps/teardown/ownership-marks.ts';
import type { SweepWorld } from '../../../../src/steps/teardown/sweep.ts';
import type { ViewSource } from '../../../../src/steps/teardown/sweep-view.ts';
import type { CloudKind, CloudReference, CloudResource, EstateWriter, GroupRule } from '../../../../src/tools/ports.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';

/** One thing in the tiny account of a test. */
export interface Thing extends Partial<Omit<CloudResource, 'kind' | 'id'>> {
  readonly kind: CloudKind;
  readonly id: string;
  readonly class?: Finding['class'];
  readonly kept?: string;
  readonly terraform?: Finding['terraform'];
  readonly origin?: string;
  /** Milliseconds from the deletion until it is gone; meanwhile it is `going`. */
  readonly takes?: number;
  /** What AWS hangs on to it and takes away so long after it is gone. */
  readonly leaves?: { readonly id: string; readonly after: number };
}

export const awsError = (
  name: string,
  action = 'ec2:Delete',
  kind: 'transient' | 'permanent' | 'throttled' = 'permanent',
) =>
  new PlatformError('AWS', {
    message: `${action}: ${name}`,
    class: kind,
    facts: { name, service: action.split(':')[0] ?? '', action: action.split(':')[1] ?? '' },
  });

export const resourceOf = ({
  class: _class,
  kept: _kept,
  terraform: _terraform,
  origin: _origin,
  takes: _takes,
  leaves: _leaves,
  ...rest
}: Thing): CloudResource => ({
  name: '',
  tags: {},
  state: '',
  phase: 'live',
  unique: {},
  holds: [],
  ...rest,
});

export const findingOf = (thing: Thing): Finding => ({
  resource: resourceOf(thing),
  class: thing.class ?? 'owned',
  because: `test says ${thing.class ?? 'owned'}`,
  ...(thing.kept === undefined ? {} : { kept: thing.kept }),
  ...(thing.terraform === undefined ? {} : { terraform: thing.terraform }),
  ...(thing.origin === undefined ? {} : { origin: thing.origin }),
});

export const group = (id: string, peers: readonly string[] = [], more: Partial<Thing> = {}): Thing => ({
  kind: 'security-group',
  id,
  name: id,
  vpc: 'vpc-1',
  rules: peers.map(
    (peer, index): GroupRule => ({ id: `${id}-r${index}`, direction: 'ingress', description: '', tags: {}, peer }),
  ),
  holds: peers.map((peer) => ({ kind: 'security-group' as const, id: peer })),
  ...more,
});

/** An account that refuses as AWS does: what is held or referenced cannot go, deletions take their time. */
export function createAccount(things: readonly Thing[]) {
  const clock = new SimulatedClock();
  const there = new Map(things.map((thing) => [keyOf(thing), thing]));
  const calls: string[] = [];
  const audits: Audit[] = [];
  const notes: string[] = [];
  /** Called before every deed and listing; throws what AWS is to say. */
  const hooks: { before?: (call: string, target: CloudReference) => void } = {};
  const controller = new AbortController();

  const put = (thing: Thing): void => void there.set(keyOf(thing), thing);
  const drop = (reference: CloudReference): void => {
    const thing = there.get(keyOf(reference));
    there.delete(keyOf(reference));
    for (const one of Array.from(there.values()))
      if (one.diesWith !== undefined && keyOf(one.diesWith) === keyOf(reference)) drop(one);
    const leaves = thing?.leaves;
    if (leaves !== undefined)
      clock.at(clock.monotonic() + leaves.after, () => drop({ kind: 'network-interface', id: leaves.id }));
  };
  const holders = (reference: CloudReference): readonly Thing[] =>
    [...there.values()].filter(
      (one) =>
        one.phase !== 'gone' &&
        keyOf(one) !== keyOf(reference) &&
        (one.diesWith === undefined || keyOf(one.diesWith) !== keyOf(reference)) &&
        (one.holds ?? []).some((held) => keyOf(held) === keyOf(reference)),
    );

  const estate: EstateWriter = {
    list: async (kind) => {
      calls.push(`list ${kind}`);
      hooks.before?.('list', { kind, id: '' });
      return [...there.values()].filter((thing) => thing.kind === kind).map(resourceOf);
    },
    remove: async (resource, options) => {
      calls.push(`remove ${keyOf(resource)}${options?.unprotect === true ? ' unprotected' : ''}`);
      hooks.before?.('remove', resource);
      const thing = there.get(keyOf(resource));
      if (thing === undefined) return;
      if (thing.protected === true && options?.unprotect !== true) throw awsError('OperationNotPermitted');
      if (thing.managedBy !== undefined || thing.diesWith !== undefined) throw awsError('OperationNotPermitted');
      if (holders(resource).length > 0) throw awsError('DependencyViolation', 'ec2:Delete', 'transient');
      if (thing.takes === undefined) return drop(resource);
      put({ ...thing, phase: 'going' });
      clock.at(clock.monotonic() + thing.takes, () => drop(resource));
    },
    revoke: async (id, rules) => {
      calls.push(`revoke ${id} ${rules.map((rule) => rule.id).join(' ')}`);
      hooks.before?.('revoke', { kind: 'security-group', id });
      const thing = there.get(`security-group ${id}`);
      if (thing === undefined) return;
      const left = (thing.rules ?? []).filter((rule) => !rules.some((one) => one.id === rule.id));
      const peers = new Set(left.map(({ peer }) => peer));
      const holds = (thing.holds ?? []).filter(({ kind, id: held }) => kind !== 'security-group' || peers.has(held));
      put({ ...thing, rules: left, holds });
    },
  };
  const world: SweepWorld = {
    clock,
    estate,
    random: { next: () => 0.5 },
    signal: controller.signal,
    note: (text) => void notes.push(text),
    audit: async (entry) => void audits.push(entry),
  };
  const source: ViewSource = {
    list: (kind) => estate.list(kind, { cluster: 'c', vpcs: [], recorded: {} }),
    classify: (resources) =>
      resources.map((resource) => {
        const thing = there.get(keyOf(resource)) ?? things.find((one) => keyOf(one) === keyOf(resource));
        return { ...findingOf(thing ?? { ...resource, class: 'unknown' }), resource };
      }),
  };
  return { clock, world, source, calls, audits, notes, hooks, controller, put, drop, there };
}
