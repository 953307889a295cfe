import { expect, test } from 'vitest';
import { criticalPathOf, timingsOf } from '../../../src/engine/critical-path.ts';
import { decodeJournal } from '../../../src/engine/record.ts';
import { simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

test('the path is the longest chain of work and wait, and the rest of the time could be won', () => {
  const path = criticalPathOf(
    [
      { step: 'a', needs: [], work: 10, wait: 0 },
      { step: 'b', needs: ['a'], work: 5, wait: 30 },
      { step: 'c', needs: ['a'], work: 20, wait: 0 },
      { step: 'd', needs: ['b', 'c', 'kept'], work: 1, wait: 0 },
    ],
    60,
    2,
  );
  expect(path.steps).toEqual([
    { step: 'a', work: 10, wait: 0 },
    { step: 'b', work: 5, wait: 30 },
    { step: 'd', work: 1, wait: 0 },
  ]);
  expect(path).toMatchObject({ length: 46, recoverable: 14, bound: 18 + 46 });
  expect(criticalPathOf([], 5, 1)).toEqual({ steps: [], length: 0, recoverable: 5, bound: 0 });
});

test('the journal of a run tells the same as the run did', async () => {
  const world = new SimulatedWorld();
  const { instances } = simulatedSteps(world, [
    { id: 'a', duration: 500 },
    { id: 'b', needs: ['a'], readyAfter: 3000 },
    { id: 'c' },
  ]);
  const result = await world.run({ instances, parallel: 1 });
  const { records } = decodeJournal(world.journals.texts()[0] as { run: string; text: string });
  expect(criticalPathOf(timingsOf(records), result.wall, 1)).toEqual(result.criticalPath);
  expect(result.criticalPath.steps.map(({ step }) => step)).toEqual(['a', 'b']);
});
