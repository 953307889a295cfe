import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import type { StepContext } from '../../../../src/steps/kit.ts';
import { destroyInventory } from '../../../../src/steps/teardown/destroy-inventory.ts';
import { observeCluster, recentInventory } from '../../../../src/steps/teardown/recent-look.ts';
import type { ClusterWriter } from '../../../../src/tools/ports.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { born, entry, resource } from '../../../helpers/teardown-evidence.ts';
import { liveCluster, teardownWorld } from '../../../helpers/teardown-world.ts';

/** A world whose time is set by hand, and how often all of it was listed. */
function lookedAt(parts: Parameters<typeof teardownWorld>[0] = {}) {
  const world = teardownWorld({
    resources: [resource('vpc', 'vpc-1', { tags: born })],
    ledger: [entry('vpc', 'vpc-1')],
    ...parts,
  });
  let now = 0;
  const context: StepContext = {
    ...world.context,
    clock: { now: () => now, monotonic: () => now, sleep: async () => undefined },
  };
  const looks = (): number => world.listed.filter((kind) => kind === 'bucket').length;
  return { ...world, context, looks, pass: (duration: number) => void (now += duration) };
}

describe('a look of a moment ago', () => {
  const spec = specOf(destroyInventory);

  test('is what the checks and the step after them work with; after the step all is looked at anew, also when it wrote nothing', async () => {
    const { context, looks, notes } = lookedAt();
    const said = 'listing every kind in AWS, both Terraform states and the cluster';
    await spec.check(context, {});
    expect(notes).toEqual([said]);
    // The engine makes a world for each call.
    await spec.check({ ...context }, {});
    expect(await spec.apply({ ...context }, {})).toMatchObject({ counts: { vpc: 1 } });
    expect(looks()).toBe(1);
    expect(notes.filter((note) => note === said)).toHaveLength(1);
    await spec.check(context, {});
    expect(looks()).toBe(2);
  });

  test('is not used after half a minute, for other choices, after a record was written, nor by another process', async () => {
    const { context, looks, ledger, pass } = lookedAt();
    const first = await recentInventory(context);
    pass(29_000);
    expect(await recentInventory(context)).toBe(first);
    pass(2_000);
    await recentInventory(context);
    expect(looks()).toBe(2);
    const chosen = { ...context, config: { ...context.config } };
    await recentInventory(chosen);
    expect(looks()).toBe(3);
    ledger.push(entry('vpc', 'vpc-2'));
    expect((await recentInventory(chosen)).vpcs).toEqual(['vpc-1', 'vpc-2']);
    expect(looks()).toBe(4);
    const { entries } = context.ledger;
    await recentInventory({ ...chosen, ledger: { ...context.ledger, entries: () => entries() } });
    expect(looks()).toBe(5);
  });

  test('that failed is no look', async () => {
    let denied = true;
    const { context, looks } = lookedAt({
      list: async () => {
        if (denied) throw new PlatformError('AWS', { message: 'no' });
        return [];
      },
    });
    await expect(recentInventory(context)).rejects.toMatchObject({ code: 'AWS' });
    denied = false;
    await recentInventory(context);
    expect(looks()).toBeGreaterThan(0);
  });
});

describe('what was seen of the cluster a moment ago', () => {
  const records = [
    entry('vpc', 'vpc-1'),
    entry('instance', 'i-1'),
    { ...entry('kubernetes', 'uid-1'), unique: { authority: 'ca-1' } },
  ];

  function observed(identity: ClusterWriter['identity']) {
    let asked = 0;
    const world = lookedAt({
      ledger: records,
      cluster: {
        ...liveCluster(['i-1']),
        identity: async () => {
          asked += 1;
          return identity();
        },
      },
    });
    return { ...world, asked: () => asked };
  }
  const ours = async () => ({ server: 'https://203.0.113.1:6443', authority: 'ca-1', uid: 'uid-1' });

  test('serves the inventory after it, which asks the cluster no second time; half a minute later it does', async () => {
    const { context, asked, pass } = observed(ours);
    expect((await observeCluster(context)).is).toBe('answers');
    expect((await recentInventory({ ...context, config: { ...context.config } })).kubernetes.is).toBe('answers');
    expect(asked()).toBe(1);
    pass(30_000);
    await recentInventory(context);
    expect(asked()).toBe(2);
  });

  test('serves nobody once a record was written, or where it did not answer', async () => {
    const { context, asked, ledger } = observed(ours);
    await observeCluster(context);
    ledger.push(entry('volume', 'vol-1'));
    await recentInventory(context);
    expect(asked()).toBe(2);
    const dead = observed(() => Promise.reject(new PlatformError('UNREACHABLE', { message: 'no route' })));
    expect((await observeCluster(dead.context)).is).not.toBe('answers');
    await recentInventory(dead.context);
    expect(dead.asked()).toBe(2);
  });
});
