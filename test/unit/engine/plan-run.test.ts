import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../src/errors.ts';
import { expand } from '../../../src/engine/graph.ts';
import { planDocument } from '../../../src/engine/plan-run.ts';
import { refuseStale } from '../../../src/engine/plan-refusals.ts';
import { type SimulatedStep, simulatedSteps, step } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

const chain: SimulatedStep[] = [{ id: 'a' }, { id: 'b', needs: ['a'] }, { id: 'c', needs: ['b'] }, { id: 'x' }];

async function built(steps: readonly SimulatedStep[] = chain) {
  const world = new SimulatedWorld();
  const { instances, traces } = simulatedSteps(world, steps);
  await world.run({ instances });
  return { world, instances, traces };
}

function actions(plan: { rows: readonly { step: string; action: string }[] }): Record<string, string> {
  return Object.fromEntries(plan.rows.map(({ step: id, action }) => [id, action]));
}

describe('a plan', () => {
  test('of nothing: what can be known now, and after what the rest will be; it writes nothing', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, chain);
    const plan = await world.plan({ instances });
    expect(actions(plan)).toEqual({ a: 'run', b: 'known-after', c: 'known-after', x: 'run' });
    expect(plan.rows[2]).toMatchObject({ after: ['b'], because: 'known after b', needs: ['b'] });
    expect(plan.pending).toBe(true);
    expect(world.journals.files.size).toBe(0);
    expect(world.tools.started).toEqual([]);
  });

  test('of everything: keeps it, is not pending, and has the same digest twice', async () => {
    const { world, instances } = await built();
    const [one, two] = [await world.plan({ instances }), await world.plan({ instances })];
    expect(actions(one)).toEqual({ a: 'keep', b: 'keep', c: 'keep', x: 'keep' });
    expect(one.pending).toBe(false);
    expect(two.digest).toBe(one.digest);
    expect(JSON.parse(JSON.stringify(planDocument(one)))).toEqual(planDocument(two));
  });

  test('of a drifted environment: runs what drifted, and decides its dependants again', async () => {
    const { world, instances, traces } = await built();
    traces.made.delete('b');
    const plan = await world.plan({ instances });
    expect(actions(plan)).toEqual({ a: 'keep', b: 'run', c: 'known-after', x: 'keep' });
    expect(plan.rows[1]?.because).toBe('drifted: b does not exist');
    expect(await world.run({ instances })).toMatchObject({ ending: 'done', done: ['b'], kept: ['a', 'c', 'x'] });
  });

  test('after a change of configuration: runs what has it as input', async () => {
    const { world, instances } = await built();
    const plan = await world.plan({ instances, config: { version: 2 } });
    expect(actions(plan)).toEqual({ a: 'run', b: 'known-after', c: 'known-after', x: 'run' });
    expect(plan.rows[0]?.because).toBe('its inputs changed since it was done');
  });

  test('where a look fails: the row says so, and the others are planned', async () => {
    const world = new SimulatedWorld();
    const broken = step({
      id: 'broken',
      title: 'Broken',
      needs: {},
      inputs: () => null,
      repeat: 'safe',
      onCancel: 'drain',
      timeout: 1000,
      check: async () => {
        throw new PlatformError('CREDENTIALS', { message: 'no credentials' });
      },
      apply: async () => null,
    });
    const plan = await world.plan({ instances: expand([broken], {}) });
    expect(plan.rows[0]).toMatchObject({
      action: 'known-after',
      after: [],
      because: 'could not be looked at: no credentials',
    });
    expect(plan.problems).toMatchObject([{ step: 'broken', failure: { code: 'CREDENTIALS' } }]);
  });

  test('A27: of what exists but was never proven ready: the probes come first', async () => {
    const world = new SimulatedWorld();
    const { instances, traces } = simulatedSteps(world, [
      { id: 'a', readyAfter: 5000 },
      { id: 'b', needs: ['a'] },
    ]);
    traces.made.set('a', { times: 1, at: 0, output: 'a()' });
    expect(actions(await world.plan({ instances }))).toEqual({ a: 'probe', b: 'known-after' });
    expect(await world.run({ instances })).toMatchObject({ ending: 'done', kept: ['a'], done: ['b'] });
    expect(world.tools.started.map((tool) => tool.step)).toEqual(['b']);
  });
});

describe('a selection', () => {
  test('--until takes what is needed, --from what depends, --only one', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, chain);
    expect(actions(await world.plan({ instances, selection: { until: ['b'] } }))).toEqual({
      a: 'run',
      b: 'known-after',
      c: 'skip',
      x: 'skip',
    });
    await world.run({ instances, selection: { until: ['a'] } });
    expect(actions(await world.plan({ instances, selection: { from: ['b'] } }))).toEqual({
      a: 'keep',
      b: 'run',
      c: 'known-after',
      x: 'skip',
    });
    expect(actions(await world.plan({ instances, selection: { only: ['b'] } }))).toEqual({
      a: 'keep',
      b: 'run',
      c: 'skip',
      x: 'skip',
    });
    expect(await world.run({ instances, selection: { only: ['b'] }, run: 'run-2' })).toMatchObject({
      done: ['b'],
      kept: ['a'],
      skipped: ['c', 'x'],
      exitCode: 0,
    });
  });

  test('--only refuses when its needs are not met, naming them', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, chain);
    await expect(world.plan({ instances, selection: { only: ['b'] } })).rejects.toMatchObject({
      code: 'NEEDS_NOT_MET',
      message: 'b needs a: a does not exist',
    });
  });

  test('A32: --skip leaves a step and what stands on it out, and says so; recorded outputs still serve', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, chain);
    const plan = await world.plan({ instances, selection: { skip: ['a'] } });
    expect(actions(plan)).toEqual({ a: 'skip', b: 'skip', c: 'skip', x: 'run' });
    expect(plan.rows[1]?.because).toBe('needs a, which is left out by --skip a');
    await world.run({ instances, selection: { until: ['a'] } });
    expect(await world.run({ instances, selection: { skip: ['a'] }, run: 'run-2' })).toMatchObject({
      done: ['b', 'c', 'x'],
      skipped: ['a'],
    });
  });

  test('--fresh forgets what is done, and adopts what is there', async () => {
    const { world, instances } = await built();
    const plan = await world.plan({ instances, selection: { fresh: true } });
    expect(plan.rows[0]).toMatchObject({ action: 'keep', because: 'found as it should be: a exists' });
  });

  test('a name that nobody has is UNKNOWN_STEP', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, chain);
    await expect(world.plan({ instances, selection: { only: ['redsi'] } })).rejects.toMatchObject({
      code: 'UNKNOWN_STEP',
    });
    await expect(world.plan({ instances, selection: { forget: ['redsi'] } })).rejects.toMatchObject({
      code: 'UNKNOWN_STEP',
    });
  });

  test('a recorded step that no list has is refused, naming both, until it is forgotten', async () => {
    const { world, traces } = await built();
    const { instances } = simulatedSteps(world, [{ id: 'a' }, { id: 'bee', needs: ['a'] }], traces);
    await expect(world.plan({ instances })).rejects.toMatchObject({
      code: 'STEP_GONE',
      facts: { gone: 'b,c,x', new: 'bee' },
    });
    await world.plan({ instances, listed: ['a', 'b', 'bee', 'c', 'x'] });
    const selection = { forget: ['b', 'c', 'x'] };
    expect(await world.run({ instances, selection, run: 'run-2' })).toMatchObject({ done: ['bee'], kept: ['a'] });
    await world.plan({ instances });
  });
});

describe('a plan that was written to a file', () => {
  test('is refused with a diff when configuration or journal moved on, and taken otherwise', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, chain);
    const written = JSON.parse(JSON.stringify(planDocument(await world.plan({ instances }))));
    refuseStale(written, await world.plan({ instances }));
    await world.run({ instances, selection: { until: ['a'] } });
    const now = await world.plan({ instances, config: { version: 2 } });
    expect(() => refuseStale(written, now)).toThrow(expect.objectContaining({ code: 'PLAN_STALE' }));
    const unchanged = await world.plan({ instances });
    expect(() => refuseStale(written, unchanged)).toThrow('  a: run -> keep (a exists)\n  b: known-after -> run');
  });
});
