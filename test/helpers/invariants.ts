import { expect } from 'vitest';
import type { Instance } from '../../src/engine/graph.ts';
import type { Plan } from '../../src/engine/plan-run.ts';
import { decodeJournal } from '../../src/engine/record.ts';
import type { SimulatedStep } from './simulated-steps.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Judges each start of a tool by what is on disk at that moment; tells the plans that were shown. */
export function watchInvariants(
  world: SimulatedWorld,
  instances: readonly Instance[],
  steps: readonly SimulatedStep[],
): { plans: Plan[] } {
  const plans: Plan[] = [];
  const byId = new Map(instances.map((one) => [one.id, one]));
  const locksOf = new Map(steps.map(({ id, locks }) => [id, locks ?? []]));
  world.tools.onStart = (step) => {
    const onDisk = world.state().steps;
    for (const need of byId.get(step)?.needIds ?? [])
      expect(onDisk.get(need)?.state, `${need}, which ${step} needs`).toBe('done');
    expect(onDisk.get(step)?.state, `${step} has its intent on disk`).toBe('in-doubt');
    const others = world.tools.living().map((tool) => tool.step);
    expect(others, `at most one living tool for ${step}`).not.toContain(step);
    const held = others.flatMap((other) => locksOf.get(other) ?? []);
    for (const lock of locksOf.get(step) ?? []) expect(held, `${step} has the lock ${lock} alone`).not.toContain(lock);
    const shown = plans.at(-1)?.rows.find((row) => row.step === step)?.action;
    expect(['run', 'known-after'], `the plan showed that ${step} may run`).toContain(shown);
  };
  return { plans };
}

/** What must hold for the journal whatever happened: intents only after done needs, and nothing after done without a new intent. */
export function judgeJournal(world: SimulatedWorld, instances: readonly Instance[]): void {
  const records = world.journals
    .texts()
    .flatMap((text) => decodeJournal(text).records)
    .sort((a, b) => a.seq - b.seq);
  const needs = new Map(instances.map(({ id, needIds }) => [id, needIds]));
  const done = new Set<string>();
  for (const { event } of records) {
    if (event.type === 'step.done') done.add(event.step);
    if (event.type !== 'step.intent') continue;
    for (const need of needs.get(event.step) ?? []) expect(done, `${need}, which ${event.step} needs`).toContain(need);
    expect(done, `${event.step} begins only once it was not done`).not.toContain(event.step);
  }
}
