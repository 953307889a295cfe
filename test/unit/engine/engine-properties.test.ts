import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeJournal, watchInvariants } from '../../helpers/invariants.ts';
import { randomSteps } from '../../helpers/random-plans.ts';
import { type SimulatedStep, simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

const runs = { numRuns: 80 };

/** What every run of these steps must end with, worked out without the engine. */
function expectedOutputs(steps: readonly SimulatedStep[]): Map<string, unknown> {
  const made = new Map<string, { state: 'done'; output: string }>();
  for (const { id, needs = [] } of steps) {
    made.set(id, { state: 'done', output: `${id}(${needs.map((need) => made.get(need)?.output).join(',')})` });
  }
  return made;
}

function outputs(world: SimulatedWorld): Map<string, unknown> {
  return new Map([...world.state().steps].map(([id, { state, output }]) => [id, { state, output }]));
}

describe('whatever the graph', { timeout: 60_000 }, () => {
  test('a run without failures does everything, within the bound of list scheduling', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps({ failures: false, locks: false }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, parallel) => {
          const world = new SimulatedWorld();
          const { instances, traces } = simulatedSteps(world, steps);
          watchInvariants(world, instances, steps).plans.push(await world.plan({ instances }));
          const result = await world.run({ instances, parallel });
          expect(result).toMatchObject({ ending: 'done', exitCode: 0, open: [], failures: [] });
          expect([...traces.made.values()].map(({ times }) => times)).toEqual(steps.map(() => 1));
          expect(result.wall).toBeLessThanOrEqual(result.criticalPath.bound);
          expect(result.wall).toBeGreaterThanOrEqual(result.criticalPath.length);
          judgeJournal(world, instances);
        },
      ),
      runs,
    );
  });

  test('failures stop their dependants only, and running again ends the work', async () => {
    await fc.assert(
      fc.asyncProperty(randomSteps({ failures: true, locks: true }), fc.boolean(), async (steps, failFast) => {
        const world = new SimulatedWorld();
        const { instances } = simulatedSteps(world, steps);
        const { plans } = watchInvariants(world, instances, steps);
        for (let run = 1; run <= 30; run++) {
          const result = await world.run({
            instances,
            run: `run-${run}`,
            failFast,
            onPlan: (plan) => plans.push(plan),
          });
          const broken = new Set([...result.failures.map(({ step }) => step), ...result.skipped]);
          for (const { id, needIds } of instances) {
            if (result.skipped.includes(id)) expect(needIds.some((need) => broken.has(need))).toBe(true);
          }
          if (!failFast) expect(result.open).toEqual([]);
          if (result.ending === 'done') break;
          expect(result.exitCode).toBe(10);
          expect(run).toBeLessThan(30);
        }
        expect(outputs(world)).toEqual(expectedOutputs(steps));
        judgeJournal(world, instances);
      }),
      runs,
    );
  });

  test('killed at any record, and again, a resumed run ends with the same outputs and does no step twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps({ failures: false, locks: true }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (steps, crashes, torn) => {
          const world = new SimulatedWorld();
          const { instances, traces } = simulatedSteps(world, steps);
          const { plans } = watchInvariants(world, instances, steps);
          const settings = { instances, onPlan: (plan: (typeof plans)[number]) => plans.push(plan) };
          for (const at of crashes)
            await world.crash(settings, at, (batch) => batch.slice(0, Math.floor(batch.length * torn)));
          const result = await world.run(settings);
          expect(result).toMatchObject({ ending: 'done', exitCode: 0 });
          expect([...traces.made.values()].map(({ times }) => times)).toEqual(steps.map(() => 1));
          expect(outputs(world)).toEqual(expectedOutputs(steps));
          expect(world.tools.living()).toEqual([]);
          judgeJournal(world, instances);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('cancelled at any time and in any way, it ends, leaves nothing running but what it says, and goes on', async () => {
    const signal = fc.record({
      at: fc.integer({ min: 0, max: 60_000 }),
      signal: fc.constantFrom('SIGINT' as const, 'SIGTERM' as const),
    });
    await fc.assert(
      fc.asyncProperty(
        randomSteps({ failures: false, locks: true }),
        fc.array(signal, { minLength: 1, maxLength: 4 }),
        async (steps, signals) => {
          const world = new SimulatedWorld();
          const { instances } = simulatedSteps(world, steps);
          const { plans } = watchInvariants(world, instances, steps);
          const onPlan = (plan: (typeof plans)[number]) => void plans.push(plan);
          const cancelled = await world.run({ instances, signals: signals.toSorted((a, b) => a.at - b.at), onPlan });
          expect([0, 130, 143]).toContain(cancelled.exitCode);
          expect(world.tools.living()).toEqual([]);
          for (const { step } of world.tools.signals.filter((each) => each.signal === 'SIGINT')) {
            expect(world.tools.signals.filter((each) => each.step === step && each.signal === 'SIGINT')).toHaveLength(
              1,
            );
          }
          const resumed = await world.run({ instances, onPlan });
          expect(resumed).toMatchObject({ ending: 'done', exitCode: 0 });
          expect(outputs(world)).toEqual(expectedOutputs(steps));
          judgeJournal(world, instances);
        },
      ),
      runs,
    );
  });

  test('a disk that fails at any write or sync stops it, loses nothing that was told, and it goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSteps({ failures: false, locks: true }),
        fc.integer({ min: 2, max: 40 }),
        fc.constantFrom(['ENOSPC', 'DISK_FULL', 4] as const, ['EIO', 'JOURNAL_WRITE', 12] as const),
        async (steps, at, [reason, code, exitCode]) => {
          const world = new SimulatedWorld();
          const { instances } = simulatedSteps(world, steps);
          const { plans } = watchInvariants(world, instances, steps);
          const onPlan = (plan: (typeof plans)[number]) => void plans.push(plan);
          let failed = false;
          world.journals.fault = async (point, count) => {
            if (count < at || (point === 'after-write' && !failed)) return;
            failed = true;
            throw Object.assign(new Error(reason), { code: reason });
          };
          const result = await world.run({ instances, onPlan }).catch((error: { code: string }) => error.code);
          world.journals.fault = async () => undefined;
          if (failed && typeof result !== 'string')
            expect(result).toMatchObject({ ending: 'failed', exitCode, failures: [{ failure: { code } }] });
          if (typeof result === 'string') expect(result).toBe(code);
          expect(world.tools.living()).toEqual([]);
          expect(await world.run({ instances, onPlan })).toMatchObject({ ending: 'done', exitCode: 0 });
          expect(outputs(world)).toEqual(expectedOutputs(steps));
        },
      ),
      runs,
    );
  });
});
