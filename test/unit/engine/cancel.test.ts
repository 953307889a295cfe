import { describe, expect, test } from 'vitest';
import { type SimulatedStep, simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

const sigint = (at: number) => ({ at, signal: 'SIGINT' as const });
const sigterm = (at: number) => ({ at, signal: 'SIGTERM' as const });

async function cancelled(
  steps: readonly SimulatedStep[],
  signals: readonly ReturnType<typeof sigint | typeof sigterm>[],
  more = {},
) {
  const world = new SimulatedWorld();
  const { instances, traces } = simulatedSteps(world, steps);
  const result = await world.run({ instances, signals, ...more });
  return { world, instances, traces, result };
}

describe('Ctrl-C', () => {
  test('once: drains the one, interrupts the other, starts nothing, and says what is awaited', async () => {
    const { world, instances, result } = await cancelled(
      [
        { id: 'a', duration: 10_000 },
        { id: 'b', duration: 10_000, spec: { onCancel: 'interrupt' } },
        { id: 'c', needs: ['a'] },
      ],
      [sigint(5000)],
    );
    expect(result).toMatchObject({ ending: 'interrupted', exitCode: 130, done: ['a'], open: ['b', 'c'], wall: 10_000 });
    expect(world.tools.signals).toEqual([{ step: 'b', signal: 'SIGINT' }]);
    expect(world.events).toContainEqual({
      type: 'run.cancelling',
      budget: 3_595_000,
      awaited: [
        { step: 'a', policy: 'drain' },
        { step: 'b', policy: 'interrupt' },
      ],
    });
    expect(world.state().steps.get('b')?.state).toBe('interrupted');
    expect(world.state().runs.at(-1)?.ended).toMatchObject({ ending: 'interrupted', exitCode: 130 });
    expect(await world.run({ instances })).toMatchObject({ ending: 'done', exitCode: 0 });
    expect(world.state().runs).toHaveLength(1);
  });

  test('while only probes run: ends at once, and the next run goes straight to the probes', async () => {
    const { world, instances, traces, result } = await cancelled([{ id: 'a', readyAfter: 60_000 }], [sigint(5000)]);
    expect(result).toMatchObject({ ending: 'interrupted', wall: 5000, open: ['a'] });
    expect(world.state().steps.get('a')?.state).toBe('applied');
    expect(await world.run({ instances })).toMatchObject({ ending: 'done', done: ['a'] });
    expect(traces.made.get('a')?.times).toBe(1);
  });

  test('twice: interrupts what drains, once', async () => {
    const { world, result } = await cancelled([{ id: 'a', duration: 100_000 }], [sigint(1000), sigint(2000)]);
    expect(result).toMatchObject({ ending: 'interrupted', exitCode: 130, wall: 2000 });
    expect(world.tools.signals).toEqual([{ step: 'a', signal: 'SIGINT' }]);
  });

  test('three times: kills, and marks as interrupted', async () => {
    const stubborn: SimulatedStep = { id: 'a', duration: 100_000, onInterrupt: 'ignores' };
    const { world, result } = await cancelled([stubborn], [sigint(1000), sigint(2000), sigint(3000)]);
    expect(result).toMatchObject({ ending: 'interrupted', wall: 3000 });
    expect(world.tools.signals.at(-1)).toEqual({ step: 'a', signal: 'SIGKILL' });
    expect(world.state().steps.get('a')).toMatchObject({ state: 'interrupted', because: 'killed on request' });
  });

  test('while it waits to try again: gives up at once', async () => {
    const step: SimulatedStep = {
      id: 'a',
      failures: ['transient'],
      retry: { attempts: 3, firstDelay: 60_000, maxDelay: 60_000 },
    };
    const { world, result } = await cancelled([step], [sigint(5000)]);
    expect(result).toMatchObject({ ending: 'interrupted', wall: 5000, failures: [{ step: 'a' }] });
    expect(world.state().steps.get('a')?.state).toBe('failed');
  });
});

describe('a termination', () => {
  test('interrupts at once, without draining', async () => {
    const { world, result } = await cancelled([{ id: 'a', duration: 100_000 }], [sigterm(1000)]);
    expect(result).toMatchObject({ exitCode: 143, wall: 1000 });
    expect(world.tools.signals).toEqual([{ step: 'a', signal: 'SIGINT' }]);
  });

  test('ends within its budget and leaves a tool that does not listen to the next run, which adopts it', async () => {
    const steps: SimulatedStep[] = [{ id: 'a', duration: 100_000, onInterrupt: 'ignores' }];
    const world = new SimulatedWorld();
    const { instances, traces } = simulatedSteps(world, steps);
    const result = await world.run({ instances, signals: [sigterm(1000)] });
    expect(result).toMatchObject({ exitCode: 143, wall: 7000, open: ['a'] });
    expect(world.tools.living()).toHaveLength(1);
    expect(await world.run({ instances })).toMatchObject({ ending: 'done', kept: ['a'] });
    expect(traces.made.get('a')?.times).toBe(1);
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'step.adopted', step: 'a', exitCode: 0 }));
  });
});

test('--timeout starts nothing new, lets work drain, and ends as not ready in time', async () => {
  const { result } = await cancelled(
    [
      { id: 'a', duration: 10_000 },
      { id: 'b', needs: ['a'] },
    ],
    [],
    { timeout: 5000 },
  );
  expect(result).toMatchObject({ ending: 'interrupted', exitCode: 11, done: ['a'], open: ['b'], wall: 10_000 });
});

describe('a tool of an earlier process', () => {
  async function orphaned(onInterrupt: 'ends' | 'ignores') {
    const world = new SimulatedWorld();
    const { instances, traces } = simulatedSteps(world, [
      { id: 'a', duration: 100_000, onInterrupt, locks: ['x'] },
      { id: 'b', locks: ['x'] },
    ]);
    await world.kill({ instances }, 500);
    expect(world.tools.living()).toHaveLength(1);
    return { world, instances, traces };
  }

  test('is waited for, with its lock, and its exact end is recorded', async () => {
    const { world, instances, traces } = await orphaned('ends');
    expect(await world.run({ instances })).toMatchObject({ ending: 'done', kept: ['a'], done: ['b'], wall: 100_500 });
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'step.adopted', step: 'a', exitCode: 0 }));
    expect(traces.made.get('a')?.times).toBe(1);
  });

  test('is interrupted by the second Ctrl-C, once, and its end awaited', async () => {
    const { world, instances } = await orphaned('ends');
    const result = await world.run({ instances, signals: [sigint(1000), sigint(2000)] });
    expect(result).toMatchObject({ ending: 'interrupted', exitCode: 130, open: ['a', 'b'] });
    expect(world.tools.signals).toEqual([{ step: 'a', signal: 'SIGINT' }]);
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'step.adopted', step: 'a', exitCode: 1 }));
  });

  test('that does not listen is killed by the third', async () => {
    const { world, instances } = await orphaned('ignores');
    await world.run({ instances, signals: [sigint(1000), sigint(2000), sigint(3000)] });
    expect(world.tools.living()).toEqual([]);
    expect(world.state().steps.get('a')?.state).toBe('interrupted');
  });
});
