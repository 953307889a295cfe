import { expect, test } from 'vitest';
import { simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

test('a run does everything in order, and a second run does nothing and says why', async () => {
  const world = new SimulatedWorld();
  const { instances, traces } = simulatedSteps(world, [
    { id: 'a' },
    { id: 'b', needs: ['a'], readyAfter: 20_000 },
    { id: 'c', needs: ['a'], duration: 5000 },
    { id: 'd', needs: ['b', 'c'] },
  ]);
  const first = await world.run({ instances });
  expect(first).toMatchObject({ ending: 'done', exitCode: 0, done: ['a', 'b', 'c', 'd'], kept: [], failures: [] });
  expect(world.state().steps.get('d')).toMatchObject({ state: 'done', output: 'd(b(a()),c(a()))', attempts: 1 });
  expect(first.criticalPath.steps.map(({ step }) => step)).toEqual(['a', 'b', 'd']);

  const second = await world.run({ instances, run: 'run-2' });
  expect(second).toMatchObject({ ending: 'done', exitCode: 0, done: [], kept: ['a', 'b', 'c', 'd'] });
  expect([...traces.made.values()].map(({ times }) => times)).toEqual([1, 1, 1, 1]);
  expect(world.events.findLast((event) => event.type === 'plan.fixed')?.rows.map(({ because }) => because)).toEqual([
    'a exists',
    'b exists',
    'c exists',
    'd exists',
  ]);
});
