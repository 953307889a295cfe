import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import type { StepContext } from '../../../../src/steps/kit.ts';
import { changingState, knownEvidence, recentState } from '../../../../src/steps/teardown/known-evidence.ts';
import { changing, listNow, listRecent } from '../../../../src/steps/teardown/recent-listings.ts';
import type { TerraformRoot } from '../../../../src/tools/ports.ts';
import { born, entry, resource } from '../../../helpers/teardown-evidence.ts';
import { teardownWorld } from '../../../helpers/teardown-world.ts';

const scope = { cluster: 'c', vpcs: ['vpc-1'], recorded: {} };

function listing(parts: Parameters<typeof teardownWorld>[0] = {}) {
  const world = teardownWorld({ resources: [resource('vpc', 'vpc-1', { tags: born })], ...parts });
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const context: StepContext = { ...world.context, clock };
  return { ...world, context, pass: (duration: number) => void (now += duration) };
}

describe('a listing of a moment ago', () => {
  test('stands for a new one in any world of the same process, for ten seconds and the same scope', async () => {
    const { context, listed, pass } = listing();
    const first = await listNow(context, 'vpc', scope);
    pass(9_000);
    expect(await listRecent({ ...context }, 'vpc', scope)).toBe(first);
    expect(listed).toEqual(['vpc']);
    // What is recorded of other kinds says nothing about this one.
    expect(await listRecent(context, 'vpc', { ...scope, recorded: { instance: ['i-1'] } })).toBe(first);
    await listRecent(context, 'vpc', { ...scope, recorded: { vpc: ['vpc-9'] } });
    expect(listed).toHaveLength(2);
    listed.pop();
    await listRecent(context, 'vpc', { ...scope, vpcs: [] });
    expect(listed).toHaveLength(2);
    pass(10_000);
    await listRecent(context, 'vpc', { ...scope, vpcs: [] });
    expect(listed).toHaveLength(3);
    const { entries } = context.ledger;
    await listRecent({ ...context, ledger: { ...context.ledger, entries: () => entries() } }, 'vpc', {
      ...scope,
      vpcs: [],
    });
    expect(listed).toHaveLength(4);
  });

  test('is shared while it is under way, and one that failed stands for nothing', async () => {
    let fails = true;
    const { context, listed } = listing({
      list: async () => {
        if (fails) throw new PlatformError('AWS', { message: 'no' });
        return [];
      },
    });
    const both = await Promise.allSettled([listRecent(context, 'vpc', scope), listRecent(context, 'vpc', scope)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(listed).toHaveLength(1);
    fails = false;
    expect(await listRecent(context, 'vpc', scope)).toEqual([]);
  });

  test('stands for nothing once a deed of ours has begun or ended since, but for whoever looks for strangers', async () => {
    const { context, listed } = listing();
    await listNow(context, 'vpc', scope);
    let end = (): void => undefined;
    const deed = changing(context, () => new Promise<void>((resolve) => (end = resolve)));
    await listRecent(context, 'vpc', scope, { of: 'strangers' });
    expect(listed).toHaveLength(1);
    // While it goes on, and again after it.
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(2);
    end();
    await deed;
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(3);
    await changing(context, async () => undefined, ['address']);
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(3);
    await listRecent(context, 'address', scope);
    await changing(context, async () => undefined, ['address']);
    await listRecent(context, 'address', scope);
    expect(listed.splice(3)).toEqual(['address', 'address']);
    await expect(changing(context, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(4);
  });
});

describe('a look of a moment ago', () => {
  /** The look of each listing, in the order in which they were asked for. */
  function looking() {
    const looks: (object | undefined)[] = [];
    const world = listing({
      list: async (_, scope) => {
        looks.push(scope.look);
        return [];
      },
    });
    return { ...world, looks };
  }

  test('is joined by what is listed within ten seconds, and by nothing after a deed that may have changed what it shares', async () => {
    const { context, looks, pass } = looking();
    const round = {};
    await listNow(context, 'vpc', { ...scope, look: round });
    await listRecent(context, 'instance', { ...scope, look: {} });
    expect(looks).toEqual([round, round]);
    await changing(context, async () => undefined, ['dns-record']);
    await listRecent(context, 'volume', { ...scope, look: {} });
    expect(looks[2]).toBe(round);
    await changing(context, async () => undefined, ['address']);
    await listRecent(context, 'subnet', { ...scope, look: {} });
    expect(looks[3]).not.toBe(round);
    await listRecent(context, 'bucket', { ...scope, look: {} });
    expect(looks[4]).toBe(looks[3]);
    pass(11_000);
    await listRecent(context, 'policy', { ...scope, look: {} });
    expect(looks[5]).not.toBe(looks[3]);
  });

  test('is never joined by who must list now', async () => {
    const { context, looks } = looking();
    const [first, second] = [{}, {}];
    await listNow(context, 'vpc', { ...scope, look: first });
    await listNow(context, 'vpc', { ...scope, look: second });
    expect(looks).toEqual([first, second]);
  });
});

describe('what a Terraform state holds', () => {
  test('is read once within ten seconds, and again when a state has begun or ended to change', async () => {
    const { context, pass } = listing();
    let reads = 0;
    const terraform = Object.assign(Object.create(context.terraform) as typeof context.terraform, {
      resources: async () => {
        reads += 1;
        return [];
      },
    });
    const world = { ...context, terraform };
    const root = { name: 'cluster' } as TerraformRoot;
    await recentState(world, root);
    await recentState(world, root);
    expect(reads).toBe(1);
    await recentState(world, { name: 'foundation' } as TerraformRoot);
    expect(reads).toBe(2);
    await changingState(world, async () => {
      await recentState(world, root);
      await recentState(world, root);
      expect(reads).toBe(3);
    });
    await recentState(world, root);
    expect(reads).toBe(4);
    pass(10_000);
    await recentState(world, root);
    expect(reads).toBe(5);
  });
});

describe('what proves ownership', () => {
  test('is read once, and again when a record was written or the choices are others; a state when one changed', async () => {
    let reads = 0;
    let states = 0;
    const { context, ledger } = listing({
      aws: {
        caller: async () => {
          reads += 1;
          return { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/someone' };
        },
      },
    });
    const { resources } = context.terraform;
    const terraform = Object.assign(Object.create(context.terraform) as typeof context.terraform, {
      resources: async (...question: Parameters<typeof resources>) => {
        states += 1;
        return resources(...question);
      },
    });
    Object.assign(context, { terraform });
    const first = await knownEvidence(context);
    expect(first?.clusterId).toBeDefined();
    expect(await knownEvidence({ ...context })).toBe(first);
    expect({ reads, states }).toEqual({ reads: 1, states: 2 });
    ledger.push(entry('vpc', 'vpc-1'));
    expect((await knownEvidence(context))?.vpcs).toEqual(['vpc-1']);
    expect(reads).toBe(2);
    await changing(context, async () => undefined);
    await knownEvidence(context);
    expect(reads).toBe(2);
    const before = states;
    await changingState(context, async () => undefined);
    expect(await knownEvidence(context)).not.toBe(first);
    // Who we are and what the ledger says does not change with a state.
    expect({ reads, states: states - before }).toEqual({ reads: 2, states: 2 });
    await knownEvidence({ ...context, config: { ...context.config } });
    expect(reads).toBe(3);
  });

  test('that could not be read is read again', async () => {
    let fails = true;
    const { context } = listing({
      aws: {
        caller: async () => {
          if (fails) throw new PlatformError('CREDENTIALS', { message: 'expired' });
          return { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/someone' };
        },
      },
    });
    await expect(knownEvidence(context)).rejects.toMatchObject({ code: 'CREDENTIALS' });
    fails = false;
    expect(await knownEvidence(context)).toBeDefined();
  });
});
