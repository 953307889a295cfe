import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import { seconds } from '../../../../src/steps/durations.ts';
import { awaitInCloud } from '../../../../src/steps/teardown/drain-cloud.ts';
import { takeInventory, takePartialInventory } from '../../../../src/steps/teardown/inventory.ts';
import { patient } from '../../../../src/steps/teardown/sweep-patience.ts';
import { born, entry, evidenceOf, resource } from '../../../helpers/teardown-evidence.ts';
import { teardownWorld } from '../../../helpers/teardown-world.ts';

const home = resource('vpc', 'vpc-1', { tags: born });
const fault = (kind: 'transient' | 'throttled' | 'permanent'): PlatformError =>
  new PlatformError('AWS', { message: `AWS is ${kind}`, class: kind });

/** A world in which time passes while one waits, and AWS answers so many times with an error first. */
function faulty(kind: 'transient' | 'throttled' | 'permanent', times: number) {
  let left = times;
  const fails = (): void => {
    if (left > 0) {
      left -= 1;
      throw fault(kind);
    }
  };
  const world = teardownWorld({
    ledger: [entry('vpc', 'vpc-1')],
    list: async (listed) => {
      if (listed === 'volume') fails();
      return listed === 'vpc' ? [home] : [];
    },
  });
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async (time: number) => void (now += time) };
  return { ...world, context: { ...world.context, clock }, fails, asked: () => times - left, waited: () => now };
}

describe('a look while AWS says not now', () => {
  test.each([
    ['throttled', 20],
    ['transient', 4],
  ] as const)('%s %i times is taken all the same', async (kind, times) => {
    const { context, notes } = faulty(kind, times);
    expect((await takeInventory(context)).findings).toHaveLength(1);
    expect(notes).toContain(`asking again: AWS is ${kind}`);
    const again = faulty(kind, times).context;
    const evidence = evidenceOf({ vpcs: ['vpc-1'], ledger: [entry('vpc', 'vpc-1')] });
    expect(await takePartialInventory(again, evidence, ['volume'])).toHaveLength(1);
  });

  test('ends after five tries, or five minutes of throttling; at once where it cannot help. Patience is not multiplied', async () => {
    const broken = faulty('transient', 1000);
    await expect(takeInventory(patient(patient(broken.context)))).rejects.toMatchObject({ code: 'AWS' });
    expect(broken.asked()).toBe(5);
    const slow = faulty('throttled', 1000);
    await expect(takeInventory(slow.context)).rejects.toMatchObject({ class: 'throttled' });
    expect(slow.waited()).toBeGreaterThanOrEqual(seconds(300));
    expect(slow.waited()).toBeLessThan(seconds(330));
    const denied = faulty('permanent', 1000);
    await expect(takeInventory(denied.context)).rejects.toMatchObject({ class: 'permanent' });
    expect(denied.asked()).toBe(1);
  });

  test('waiting for load balancers goes on, and the time of the throttling does not count as standing still', async () => {
    const { context, fails, waited } = faulty('throttled', 20);
    const balancer = resource('load-balancer', 'arn:lb', { state: 'active' });
    let looks = 0;
    const left = await awaitInCloud(context, 'load balancers', async () => {
      if (looks === 3) fails();
      looks += 1;
      return looks < 8 ? [balancer] : [];
    });
    expect(waited()).toBeGreaterThan(seconds(100));
    expect(left).toEqual([]);
  });
});
