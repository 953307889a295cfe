import fc from 'fast-check';
import type { SimulatedStep } from './simulated-steps.ts';

/** Random lists of steps: each needs some of those before it, as random as durations, readiness, locks and failures. */
export function randomSteps(options: { failures: boolean; locks: boolean }): fc.Arbitrary<SimulatedStep[]> {
  const one = fc.record({
    needs: fc.array(fc.nat(100), { maxLength: 3 }),
    duration: fc.integer({ min: 1, max: 20_000 }),
    readyAfter: fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: undefined }),
    lock: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
    failures: fc.array(fc.constantFrom('transient', 'throttled', 'permanent'), { maxLength: 2 }),
    attempts: fc.integer({ min: 1, max: 3 }),
    onCancel: fc.constantFrom('drain', 'interrupt', 'abort'),
  });
  return fc.array(one, { minLength: 1, maxLength: 9 }).map((list) =>
    list.map(({ needs, lock, failures, attempts, readyAfter, onCancel, duration }, index): SimulatedStep => {
      const earlier = index === 0 ? [] : [...new Set(needs.map((need) => `s${need % index}`))];
      return {
        id: `s${index}`,
        needs: earlier,
        duration,
        ...(readyAfter === undefined ? {} : { readyAfter }),
        ...(options.locks && lock !== undefined ? { locks: [lock] } : {}),
        ...(options.failures ? { failures } : {}),
        retry: { attempts, firstDelay: 1000, maxDelay: 30_000 },
        spec: { onCancel },
      };
    }),
  );
}
