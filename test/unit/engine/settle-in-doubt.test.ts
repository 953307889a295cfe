import { describe, expect, test } from 'vitest';
import type { DurableEvent, ShownEvent } from '../../../src/engine/events.ts';
import type { Instance } from '../../../src/engine/graph.ts';
import { openJournal } from '../../../src/engine/journal.ts';
import { settleInDoubt, type SettleOptions } from '../../../src/engine/settle-in-doubt.ts';
import { type SimulatedStep, simulatedSteps } from '../../helpers/simulated-steps.ts';
import { SimulatedWorld } from '../../helpers/simulated-world.ts';

/** A run that was killed while the tool of its one step worked. */
async function killed(spec: SimulatedStep['spec'] = {}) {
  const world = new SimulatedWorld();
  const { instances } = simulatedSteps(world, [{ id: 'a', duration: 10_000, spec }]);
  await world.kill({ instances }, 2000);
  return { world, instances };
}

async function settle(
  world: SimulatedWorld,
  instances: readonly Instance[],
  signal = new AbortController().signal,
  more: Pick<SettleOptions, 'keepDoubt' | 'leave'> = {},
) {
  const events: (DurableEvent | ShownEvent)[] = [];
  const journal = await openJournal(world.journals, 'settle-1', world.clock);
  const settled = settleInDoubt({
    journal,
    launcher: world.tools.launcher(),
    contexts: world.contexts,
    instances,
    signal,
    ...more,
    emit: (event) => void events.push(event),
  });
  try {
    return { count: await world.clock.drive(settled), events };
  } finally {
    await journal.close();
  }
}

describe('settling what is in doubt', () => {
  test('awaits the tool that still works, lets the step settle, and leaves both on record for the next run', async () => {
    const seen: object[] = [];
    const { world, instances } = await killed({
      settle: async (ctx) => {
        seen.push({ attempt: ctx.attempt, living: ctx.tools.living().length });
        await ctx.audit({ action: 'untaint', target: 'a', because: 'it is healthy' });
      },
    });
    const { count, events } = await settle(world, instances);
    expect(count).toBe(1);
    expect(seen).toEqual([{ attempt: 1, living: 0 }]);
    expect(events.map(({ type }) => type)).toEqual([
      'step.note',
      'step.adopted',
      'step.note',
      'step.audit',
      'step.settled',
    ]);
    expect(events[0]).toMatchObject({ text: 'a of attempt 1 still works (pid 100); waiting for it' });
    expect(events[1]).toMatchObject({ exitCode: 0 });
    const next = await world.run({ instances, run: 'run-2' });
    expect(next).toMatchObject({ ending: 'done', kept: ['a'] });
  });

  test('where the doubt is to stay, the next run settles it once more', async () => {
    let settled = 0;
    const { world, instances } = await killed({ settle: async () => void (settled += 1) });
    const { events } = await settle(world, instances, new AbortController().signal, { keepDoubt: true });
    expect(events.map(({ type }) => type)).toEqual(['step.note', 'step.adopted', 'step.note']);
    expect(await world.run({ instances, run: 'run-2' })).toMatchObject({ ending: 'done', kept: ['a'] });
    expect(settled).toBe(2);
  });

  test('what the run that follows settles by itself is neither awaited nor spoken of', async () => {
    let settled = 0;
    const { world, instances } = await killed({ settle: async () => void (settled += 1) });
    const leave = new Set(['a']);
    expect(await settle(world, [], new AbortController().signal, { leave })).toEqual({ count: 0, events: [] });
    expect(world.tools.living()).toHaveLength(1);
    expect(await world.run({ instances, run: 'run-2' })).toMatchObject({ ending: 'done', kept: ['a'] });
    expect(settled).toBe(1);
  });

  test('says so where there is nothing to settle, or nobody to do it', async () => {
    const { world, instances } = await killed();
    expect((await settle(world, instances)).events.at(-1)).toMatchObject({
      text: 'nothing to settle; the next run looks at it',
    });
    expect((await settle(world, [])).events.at(-1)).toMatchObject({
      text: 'is a step of another version or configuration: nothing can be settled',
    });
  });

  test('nothing in doubt: nothing is asked, nothing recorded', async () => {
    const world = new SimulatedWorld();
    const { instances } = simulatedSteps(world, [{ id: 'a' }]);
    await world.run({ instances });
    expect(await settle(world, instances)).toEqual({ count: 0, events: [] });
  });

  test('killed while it settles: the tool that settles is awaited by whoever comes next', async () => {
    const { world, instances } = await killed({
      settle: async (ctx) => {
        world.tools.behaviours.set('mend', { duration: 5000, finish: () => 0 });
        await ctx.processes.run({ tool: 'mend', argv: ['mend'], cwd: '', env: {}, signal: ctx.signal });
      },
    });
    world.clock.at(world.clock.monotonic() + 10_000, () => {
      world.tools.abandon();
      world.journals.abandon();
      abandoned.resolve();
    });
    const abandoned = Promise.withResolvers<void>();
    await world.clock.drive(Promise.race([settle(world, instances), abandoned.promise]));
    expect(world.tools.living().map(({ process }) => process.tool)).toEqual(['mend']);
    const { events } = await settle(world, instances);
    expect(events[0]).toMatchObject({ text: 'mend of attempt 1 still works (pid 101); waiting for it' });
  });

  test('a signal ends the waiting: the tool goes on, the step stays in doubt', async () => {
    const { world, instances } = await killed({ settle: async () => expect.unreachable() });
    const abort = new AbortController();
    world.clock.at(world.clock.monotonic() + 1000, () => abort.abort());
    await expect(settle(world, instances, abort.signal)).rejects.toThrow('no longer waited for');
    expect(world.tools.living()).toHaveLength(1);
    expect(world.state().steps.get('a')).toMatchObject({ state: 'in-doubt', processes: [{ pid: 100 }] });
  });
});
