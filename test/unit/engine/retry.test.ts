import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/engine/events.ts';
import { delayBeforeRetry } from '../../../src/engine/retry.ts';
import { type SimulatedStep, simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

const failure = (kind: Failure['class']): Failure => ({ code: 'AWS', message: '', next: [], class: kind, facts: {} });
const retry = { attempts: 5, firstDelay: 1000, maxDelay: 6000 };

test('the pause doubles up to its longest, is four times as long when throttled, and a third of it is chance', () => {
  const pauses = [1, 2, 3, 4].map((tries) => delayBeforeRetry(failure('transient'), tries, retry, () => 1));
  expect(pauses).toEqual([1000, 2000, 4000, 6000]);
  expect(delayBeforeRetry(failure('throttled'), 1, retry, () => 1)).toBe(4000);
  expect(delayBeforeRetry(failure('transient'), 2, retry, () => 0)).toBe(1333);
});

test('C10: there is no other try for what is permanent, after the last one, or where none was asked for', () => {
  expect(delayBeforeRetry(failure('permanent'), 1, retry, () => 1)).toBeUndefined();
  expect(delayBeforeRetry(failure('transient'), 5, retry, () => 1)).toBeUndefined();
  expect(delayBeforeRetry(failure('transient'), 1, undefined, () => 1)).toBeUndefined();
});

describe('a step that fails', () => {
  async function run(step: SimulatedStep, more: readonly SimulatedStep[] = [], settings = {}) {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, [step, ...more]);
    return { world, result: await world.run({ instances, ...settings }) };
  }

  test('in a passing way is tried again, without slot and lock meanwhile, and counts its attempts', async () => {
    const again: SimulatedStep = {
      id: 'a',
      failures: ['transient', 'throttled'],
      locks: ['x'],
      retry: { attempts: 3, firstDelay: 10_000, maxDelay: 60_000 },
    };
    const { world, result } = await run(again, [{ id: 'b', locks: ['x'], duration: 2000 }], { parallel: 1 });
    expect(result).toMatchObject({ ending: 'done', done: ['a', 'b'] });
    expect(world.state().steps.get('a')).toMatchObject({ attempts: 3 });
    expect(world.tools.started.map(({ step }) => step)).toEqual(['a', 'b', 'a', 'a']);
    expect(world.events.filter(({ type }) => type === 'step.failed')).toEqual([]);
  });

  test('for good stops its dependants only, and every failure is told', async () => {
    const { result, world } = await run({ id: 'a', failures: ['permanent'] }, [
      { id: 'b', needs: ['a'] },
      { id: 'c', needs: ['b'] },
      { id: 'd', failures: ['permanent'], duration: 9000 },
      { id: 'e' },
    ]);
    expect(result).toMatchObject({
      ending: 'failed',
      exitCode: 10,
      done: ['e'],
      skipped: ['b', 'c'],
      failures: [{ step: 'a' }, { step: 'd' }],
    });
    expect(world.events).toContainEqual({
      type: 'step.skipped',
      step: 'c',
      because: 'needs a, which failed',
      blockedBy: ['a'],
    });
  });

  test('with --fail-fast stops everything that has not begun', async () => {
    const { result } = await run({ id: 'a', failures: ['permanent'] }, [{ id: 'b', duration: 5000 }, { id: 'c' }], {
      failFast: true,
      parallel: 2,
    });
    expect(result).toMatchObject({ ending: 'failed', done: ['b'], open: ['c'] });
  });

  test('by working too long is asked to stop, and is settled before it is judged again', async () => {
    const settled: string[] = [];
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, [
      { id: 'a', duration: 100_000, spec: { timeout: 60_000, settle: async () => void settled.push('a') } },
    ]);
    const result = await world.run({ instances });
    expect(result).toMatchObject({
      ending: 'failed',
      wall: 60_000,
      failures: [{ failure: { code: 'STEP_FAILED', message: 'it worked for more than 1 min' } }],
    });
    const again = simulatedSteps(world, [{ id: 'a', spec: { settle: async () => void settled.push('a') } }]);
    expect(await world.run({ instances: again.instances, run: 'run-2' })).toMatchObject({ ending: 'done' });
    expect(settled).toEqual(['a']);
  });

  test('by saying nothing is stopped earlier; a tool that does not listen is killed', async () => {
    const { world, result } = await run({
      id: 'a',
      duration: 900_000,
      onInterrupt: 'ignores',
      spec: { noProgressFor: 30_000 },
    });
    expect(result).toMatchObject({
      ending: 'failed',
      wall: 90_000,
      failures: [{ failure: { message: 'it said nothing for 30 s' } }],
    });
    expect(world.tools.signals).toEqual([
      { step: 'a', signal: 'SIGINT' },
      { step: 'a', signal: 'SIGKILL' },
    ]);
  });

  test('B12: in readiness ends in 11, and is looked at again by the next run', async () => {
    const { world, result } = await run({ id: 'a', readyAfter: 900_000 });
    expect(result).toMatchObject({ exitCode: 11, failures: [{ failure: { code: 'NOT_READY_IN_TIME' } }] });
    expect(world.state().steps.get('a')?.state).toBe('failed');
  });
});

test('a step in doubt that must not run twice is refused before any work', async () => {
  const world = new SimulatedWorld();
  const steps: SimulatedStep[] = [{ id: 'a', spec: { repeat: 'ask' }, duration: 9000, failures: ['permanent'] }];
  const { instances } = simulatedSteps(world, steps);
  await world.crash({ instances }, 10);
  const plan = await world.clock.drive(world.clock.sleep(20_000).then(() => world.plan({ instances })));
  expect(plan.rows[0]).toMatchObject({ action: 'ask' });
  await expect(world.run({ instances })).rejects.toMatchObject({
    code: 'IN_DOUBT',
    next: [expect.stringContaining('--again a')],
  });
  expect(world.tools.started).toHaveLength(1);
  expect(await world.run({ instances, selection: { again: ['a'] } })).toMatchObject({ ending: 'done' });
  expect(world.tools.started).toHaveLength(2);
});

test('a look that fails leaves a step in doubt in doubt', async () => {
  const world = new SimulatedWorld();
  const { instances } = simulatedSteps(world, [
    { id: 'a', spec: { repeat: 'never', settle: async () => Promise.reject(new Error('no network')) } },
  ]);
  await world.kill({ instances }, 500);
  world.tools.living().forEach((tool) => {
    tool.end(null, 'SIGKILL');
  });
  const exists = instances[0]?.step.spec.check;
  Object.assign(instances[0]?.step.spec as object, {
    check: async () => ({ state: 'satisfied', output: 'a()', because: 'it seems so' }),
  });
  expect(await world.run({ instances })).toMatchObject({
    ending: 'failed',
    failures: [{ failure: { message: 'no network', facts: { interrupted: true } } }],
  });
  expect(world.state().steps.get('a')).toMatchObject({ state: 'interrupted', attempts: 1 });
  Object.assign(instances[0]?.step.spec as object, { check: exists });
  expect((await world.plan({ instances })).rows[0]).toMatchObject({ action: 'ask' });
});
