import { expect, test } from 'vitest';
import { systemClock, systemRandomness } from '../../../src/tools/clock.ts';

test('sleep ends when its time has passed, and not before', async () => {
  const before = systemClock.monotonic();
  await systemClock.sleep(20);
  // A timer may fire up to a millisecond early.
  expect(systemClock.monotonic() - before).toBeGreaterThanOrEqual(19);
});

test('sleep ends at once when aborted, before or meanwhile, and never throws', async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(3_600_000, controller.signal);
  controller.abort();
  expect(await sleeping).toBeUndefined();
  expect(await systemClock.sleep(3_600_000, controller.signal)).toBeUndefined();
});

test('a sleep longer than a timer can hold does not end at once', async () => {
  const controller = new AbortController();
  const long = systemClock.sleep(Number.POSITIVE_INFINITY, controller.signal).then(() => 'over');
  expect(await Promise.race([long, systemClock.sleep(5).then(() => 'still asleep')])).toBe('still asleep');
  controller.abort();
  await long;
});

test('chance lies in [0, 1)', () => {
  const drawn = Array.from({ length: 100 }, () => systemRandomness.next());
  expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(drawn).size).toBeGreaterThan(1);
});
