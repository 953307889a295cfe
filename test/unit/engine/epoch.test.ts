import { expect, test } from 'vitest';
import { after } from '../../../src/engine/graph.ts';
import { simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

const listed = ['network', 'cluster', 'drain', 'verify'];

/** A build of two steps, and a teardown of two whose last closes the epoch and takes away what the build made. */
function scene() {
  const world = new SimulatedWorld();
  const build = simulatedSteps(world, [{ id: 'network' }, { id: 'cluster', needs: ['network'], readyAfter: 5000 }]);
  const removal = simulatedSteps(world, [
    { id: 'drain' },
    { id: 'verify', needs: ['drain'], effect: () => build.traces.made.clear(), spec: { closesEpoch: true } },
  ]);
  return { world, build, removal };
}

test('a step that closes the epoch makes every earlier record history, in the same record', async () => {
  const { world, build, removal } = scene();
  await world.run({ instances: build.instances });
  expect(await world.run({ instances: removal.instances, run: 'run-2', verb: 'destroy', listed })).toMatchObject({
    ending: 'done',
  });
  expect([...world.state().steps.keys()]).toEqual([]);
  expect(world.events.findLast((event) => event.type === 'step.done')).toMatchObject({
    step: 'verify',
    epoch: 'closed',
  });
  const again = await world.run({ instances: build.instances, run: 'run-3' });
  expect(again.done).toEqual(['network', 'cluster']);
  expect(world.state().steps.get('cluster')).toMatchObject({ attempts: 1 });
});

test('what is gated begins after the gate, decided as if nobody had touched it, in one run', async () => {
  const { world, build, removal } = scene();
  await world.run({ instances: build.instances });
  const instances = [...removal.instances, ...after(['verify'], build.instances)];
  const plan = await world.plan({ instances, verb: 'rebuild' });
  expect(plan.rows.map(({ step, action }) => [step, action])).toEqual([
    ['drain', 'run'],
    ['verify', 'known-after'],
    ['network', 'known-after'],
    ['cluster', 'known-after'],
  ]);
  const result = await world.run({ instances, run: 'run-2', verb: 'rebuild' });
  expect(result).toMatchObject({ ending: 'done', done: ['drain', 'verify', 'network', 'cluster'] });
  expect(world.state().steps.get('network')).toMatchObject({ state: 'done', attempts: 1 });
  expect(world.state().steps.has('drain')).toBe(false);
});

test('killed at any record of such a run, the teardown is never worked on again once the epoch is closed', async () => {
  const { world: whole, build, removal } = scene();
  await whole.run({ instances: build.instances });
  await whole.run({ instances: [...removal.instances, ...after(['verify'], build.instances)], run: 'run-2' });
  const records =
    whole.journals
      .texts()
      .find(({ run }) => run === 'run-2')
      ?.text.split('\n').length ?? 0;
  expect(records).toBeGreaterThan(10);
  for (let at = 1; at <= records * 2; at += 1) {
    const one = scene();
    await one.world.run({ instances: one.build.instances });
    const both = [...one.removal.instances, ...after(['verify'], one.build.instances)];
    const ended = await one.world.crash({ instances: both, run: 'run-2', verb: 'rebuild' }, at);
    const border = one.world.state().runs.find(({ run }) => run === 'run-2');
    const over = border !== undefined && [...border.done, ...border.kept].includes('verify');
    const result =
      ended ?? (await one.world.run({ instances: over ? one.build.instances : both, run: 'run-2', verb: 'rebuild' }));
    expect(result).toMatchObject({ ending: 'done' });
    expect([...one.build.traces.made.keys()].sort()).toEqual(['cluster', 'network']);
    expect([...one.world.state().steps.keys()].sort()).toEqual(['cluster', 'network']);
  }
});
