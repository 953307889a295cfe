import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlatformError } from '../../../../src/errors.ts';
import { keyOf } from '../../../../src/steps/teardown/ownership-marks.ts';
import { sweepWith } from '../../../../src/steps/teardown/sweep.ts';
import { type RemovableKind, removableKinds } from '../../../../src/tools/ports-estate.ts';
import { awsError, createAccount, group, type Thing } from './sweep-world.ts';

const kinds = [
  'instance',
  'load-balancer',
  'target-group',
  'network-interface',
  'volume',
  'address',
  'key-pair',
] as const;

interface Plan {
  readonly kind: (typeof kinds)[number];
  readonly holds: readonly number[];
  readonly takes: number | undefined;
  readonly stranger: boolean;
  readonly managed: number | undefined;
  readonly late: number | undefined;
}

const plan = (strangers: boolean): fc.Arbitrary<Plan> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    /** Later things only: a graph without cycles. */
    holds: fc.array(fc.nat(30), { maxLength: 4 }),
    takes: fc.option(fc.integer({ min: 1, max: 90_000 }), { nil: undefined }),
    stranger: strangers ? fc.boolean() : fc.constant(false),
    managed: fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined, freq: 4 }),
    /** Well within the time for which a clean look is not believed. */
    late: strangers
      ? fc.constant(undefined)
      : fc.option(fc.integer({ min: 1, max: 1500 }), { nil: undefined, freq: 5 }),
  });

interface World {
  readonly plans: readonly Plan[];
  /** Rules between groups, by number; of what owns them; holders among the things. */
  readonly groups: readonly {
    readonly peers: readonly number[];
    readonly stranger: boolean;
    readonly users: readonly number[];
  }[];
  /** Which deeds are refused for a moment, by their number. */
  readonly faults: readonly (undefined | 'RequestLimitExceeded' | 'InternalError')[];
}

const world = (strangers: boolean): fc.Arbitrary<World> =>
  fc.record({
    plans: fc.array(plan(strangers), { minLength: 1, maxLength: 20 }),
    groups: fc.array(
      fc.record({
        peers: fc.array(fc.nat(6), { maxLength: 4 }),
        stranger: strangers ? fc.boolean() : fc.constant(false),
        users: fc.array(fc.nat(30), { maxLength: 3 }),
      }),
      { maxLength: 6 },
    ),
    faults: fc.array(
      fc.constantFrom(undefined, undefined, undefined, 'RequestLimitExceeded' as const, 'InternalError' as const),
      {
        maxLength: 40,
      },
    ),
  });

/** The account of a world, with the times at which late things come and managed ones go. */
function build({ plans, groups, faults }: World) {
  const referenceOf = (index: number) => ({
    kind: plans[index]?.kind ?? 'volume',
    id: `${plans[index]?.kind}-${index}`,
  });
  const groupId = (index: number): string => `sg-${index}`;
  const isManaged = (index: number): boolean =>
    plans[index]?.kind === 'network-interface' && !plans[index].stranger && plans[index].managed !== undefined;
  const things = plans.map((one, index): Thing => {
    // Whether AWS ends an interface of a thing that a stranger holds is nobody's to say.
    const isUnclear = (other: number): boolean => isManaged(other) && plans.some(({ stranger }) => stranger);
    const held = one.holds
      .filter((other) => other > index && other < plans.length && !isUnclear(other))
      .map(referenceOf);
    const used = groups.flatMap(({ users }, number) =>
      users.includes(index) ? [{ kind: 'security-group' as const, id: groupId(number) }] : [],
    );
    return {
      ...referenceOf(index),
      class: one.stranger ? 'foreign' : 'owned',
      vpc: 'vpc-1',
      holds: [...held, ...used],
      ...(one.takes === undefined ? {} : { takes: one.takes }),
      ...(isManaged(index) ? { managedBy: 'amazon-elb' } : {}),
    };
  });
  const all = groups.map(({ peers, stranger }, number) =>
    group(groupId(number), [...new Set(peers)].filter((peer) => peer < groups.length).map(groupId), {
      class: stranger ? 'foreign' : 'owned',
    }),
  );
  const late = (index: number): boolean => plans[index]?.late !== undefined && !plans[index].stranger;
  const account = createAccount([...things.filter((_, index) => !late(index)), ...all]);
  for (const [index, thing] of things.entries()) {
    const { late: comes, managed } = plans[index] ?? {};
    if (late(index)) account.clock.at(comes ?? 0, () => account.put(thing));
    if (thing.managedBy !== undefined) account.clock.at((managed ?? 0) + (comes ?? 0) + 1, () => account.drop(thing));
  }
  // A machine runs until all that is late has come, so that one clean look is not believed.
  account.put({ kind: 'instance', id: 'i-runs', class: 'owned', kept: 'for this test' });
  let deeds = 0;
  account.hooks.before = (call) => {
    if (call === 'list') return;
    const fault = faults[deeds];
    deeds += 1;
    if (fault !== undefined) throw awsError(fault, 'ec2:Delete', fault === 'InternalError' ? 'transient' : 'throttled');
  };
  return { account, everything: [...things, ...all] };
}

const swept = removableKinds as readonly RemovableKind[];

const run = ({ account }: ReturnType<typeof build>) =>
  account.clock.drive(
    sweepWith(account.world, { kinds: swept, choose: () => true, deleteData: false, source: account.source }),
  );

/** What can never go: held, through any number of others, by a stranger. Ties between groups are only rules; AWS ends what it manages. */
function stuck(everything: readonly Thing[]): ReadonlySet<string> {
  const managed = new Set(everything.filter((one) => one.managedBy !== undefined).map(keyOf));
  const found = new Set(everything.filter((one) => one.class === 'foreign').map(keyOf));
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of everything) {
      if (!found.has(keyOf(one))) continue;
      for (const held of one.holds ?? []) {
        if (managed.has(keyOf(held))) continue;
        if (one.kind === 'security-group' && held.kind === 'security-group') continue;
        if (!found.has(keyOf(held))) grew = true;
        found.add(keyOf(held));
      }
    }
  }
  return found;
}

describe('any account of ours', () => {
  it('ends empty: whatever holds what, however long each takes, with rings of groups, faults and late arrivals', async () => {
    await fc.assert(
      fc.asyncProperty(world(false), async (one) => {
        const built = build(one);
        await run(built);
        expect([...built.account.there.keys()]).toEqual(['instance i-runs']);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('loses nothing foreign; what is ours goes, but for what a stranger holds, which is named', async () => {
    await fc.assert(
      fc.asyncProperty(world(true), async (one) => {
        const built = build(one);
        const { account, everything } = built;
        const stays = stuck(everything);
        const error: unknown = await run(built).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        const ours = new Set(everything.filter((thing) => thing.class === 'owned').map(keyOf));
        for (const call of account.calls) {
          const [verb, kind, id] = call.split(' ');
          if (verb === 'remove') expect(ours).toContain(`${kind} ${id}`);
        }
        // Of a stranger's group, at most the rules that referenced a group of ours that could go.
        for (const thing of everything.filter(({ class: ownership }) => ownership === 'foreign')) {
          const left = account.there.get(keyOf(thing));
          expect(left).toBeDefined();
          const gone = (thing.rules ?? []).filter((rule) => !left?.rules?.some(({ id }) => id === rule.id));
          for (const rule of gone) expect(stays).not.toContain(`security-group ${rule.peer}`);
        }
        const left = [...ours].filter((key) => account.there.has(key));
        expect(left.sort()).toEqual([...ours].filter((key) => stays.has(key)).sort());
        if (left.length === 0) expect(error).toBeUndefined();
        else expect(isPlatformError(error) && error.code).toBe('LEFTOVERS');
        for (const key of left) expect(String(isPlatformError(error) && error.facts['resources'])).toContain(key);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
