import { Chalk } from 'chalk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameOf } from '../../../src/ui/frame.ts';
import { follow, newPicture, type RunPicture, type StepState } from '../../../src/ui/run-picture.ts';
import { widthOf } from '../../../src/ui/text-width.ts';
import { randomSteps } from '../../helpers/random-plans.ts';
import { simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';
import { stamped } from './scripted-run.ts';

const style = new Chalk({ level: 0 });

const inState = ({ steps }: RunPicture, ...states: readonly StepState[]): readonly string[] =>
  [...steps.values()]
    .filter(({ state }) => states.includes(state))
    .map(({ id }) => id)
    .sort();

test('what the engine says in the end is what the drawing shows, and no frame leaves its screen', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      randomSteps({ failures: true, locks: true }),
      fc.array(
        fc.record({
          at: fc.integer({ min: 0, max: 40_000 }),
          signal: fc.constantFrom('SIGINT' as const, 'SIGTERM' as const),
        }),
        { maxLength: 2 },
      ),
      fc.integer({ min: 30, max: 120 }),
      fc.integer({ min: 6, max: 30 }),
      async (steps, signals, columns, rows) => {
        const world = new SimulatedWorld();
        const { instances } = simulatedSteps(world, steps);
        const result = await world.run({ instances, signals: signals.toSorted((a, b) => a.at - b.at) });
        const picture = newPicture(0);
        for (const [index, event] of world.events.entries()) {
          follow(picture, stamped(event), index);
          const frame = frameOf(picture, { now: index, columns, rows, style, title: 'up test' });
          expect(Math.max(...frame.map(widthOf))).toBeLessThanOrEqual(columns);
          expect(frame.length).toBeLessThanOrEqual(rows);
        }
        expect(inState(picture, 'done')).toEqual(result.done.toSorted());
        expect(inState(picture, 'kept')).toEqual(result.kept.toSorted());
        expect(inState(picture, 'failed')).toEqual(result.failures.map(({ step }) => step).sort());
        expect(inState(picture, 'skipped', 'left-out')).toEqual(result.skipped.toSorted());
        expect(picture.ending).toBe(result.ending);
        // What was cut off, aborted or never begun.
        expect(inState(picture, 'pending', 'looking', 'working', 'retrying', 'probing', 'interrupted')).toEqual(
          result.open.toSorted(),
        );
        expect(result.timings.map(({ step }) => step)).toEqual(instances.map(({ id }) => id));
      },
    ),
    { numRuns: 60 },
  );
});

test('a termination is announced at the level that it begins at', () => {
  const picture = newPicture(0);
  follow(picture, stamped({ type: 'run.cancelling', budget: 6000, awaited: [] }), 0);
  follow(picture, stamped({ type: 'signal.received', signal: 'SIGTERM', count: 1 }), 0);
  expect(picture.cancel?.level).toBe(2);
  follow(picture, stamped({ type: 'run.cancelling', budget: 6000, awaited: [{ step: 'a', policy: 'kill' }] }), 0);
  expect(picture.cancel?.level).toBe(3);
});
