import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reduce } from '../../../src/engine/reduce.ts';
import { newSchedule, type Schedule, type Task } from '../../../src/engine/schedule.ts';
import type { Command, ScheduleEvent } from '../../../src/engine/schedule-messages.ts';

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  action: 'run',
  needs: [],
  locks: [],
  onCancel: 'drain',
  orphaned: false,
  ...more,
});

/** Feeds events one after the other and tells the commands of each as short words. */
function play(
  tasks: readonly Task[],
  events: readonly ScheduleEvent[],
  options = { parallel: 2, failFast: false },
): string[][] {
  let schedule: Schedule = newSchedule(tasks, options);
  return events.map((event) => {
    const [next, commands] = reduce(schedule, event);
    schedule = next;
    return commands.map((command) =>
      'step' in command
        ? `${command.type} ${command.step}`
        : command.type === 'finish'
          ? `finish ${command.ending}`
          : command.type,
    );
  });
}

describe('the scheduler', () => {
  test('fills its slots in list order, and wakes what waits for the last need only', () => {
    const tasks = [task('a'), task('b'), task('c', { needs: ['a', 'b'] }), task('d')];
    expect(play(tasks, [{ type: 'start' }, { type: 'done', step: 'a' }, { type: 'done', step: 'b' }])).toEqual([
      ['work a', 'work b'],
      ['work d'],
      ['work c'],
    ]);
  });

  test('gives slot and locks back when a step is applied, before it is probed', () => {
    const tasks = [task('a', { locks: ['state'] }), task('b', { locks: ['state'] }), task('c')];
    const played = play(tasks, [{ type: 'start' }, { type: 'applied', step: 'a' }, { type: 'done', step: 'c' }], {
      parallel: 2,
      failFast: false,
    });
    expect(played).toEqual([['work a', 'say-waiting b', 'work c'], ['probe a', 'work b'], []]);
  });

  test('lets tools of an earlier process hold their locks before anything else works, even of steps left out', () => {
    const tasks = [task('a', { locks: ['state'] }), task('b', { action: 'skip', locks: ['state'], orphaned: true })];
    const events: ScheduleEvent[] = [
      { type: 'start' },
      { type: 'plan-settled' },
      { type: 'adopted', step: 'b' },
      { type: 'done', step: 'a' },
    ];
    expect(play(tasks, events)).toEqual([['adopt b', 'settle-plan', 'say-waiting a'], [], ['work a'], ['finish done']]);
  });

  test('records kept rows before what stands on them works', () => {
    const tasks = [task('a', { action: 'keep' }), task('b', { needs: ['a'] })];
    expect(play(tasks, [{ type: 'start' }, { type: 'plan-settled' }])).toEqual([['settle-plan'], ['work b']]);
  });

  test('ends at once when there is nothing to do', () => {
    expect(play([], [{ type: 'start' }])).toEqual([['finish done']]);
    expect(play([task('a', { action: 'skip' })], [{ type: 'start' }, { type: 'plan-settled' }])).toEqual([
      ['settle-plan'],
      ['finish done'],
    ]);
  });

  test('asks each step to stop once, however often it is told', () => {
    const tasks = [task('a', { onCancel: 'interrupt' }), task('b', { orphaned: true })];
    const cancels = ([1, 1, 2, 2, 1] as const).map((level): ScheduleEvent => ({ type: 'cancel', level }));
    expect(play(tasks, [{ type: 'start' }, ...cancels])).toEqual([
      ['adopt b', 'work a'],
      ['interrupt a', 'announce-cancel'],
      [],
      ['interrupt b', 'announce-cancel'],
      [],
      [],
    ]);
  });

  test('hears nothing of a step that was killed, and nothing at all after the end', () => {
    const events: ScheduleEvent[] = [
      { type: 'start' },
      { type: 'cancel', level: 3 },
      { type: 'interrupted', step: 'a' },
      { type: 'done', step: 'a' },
      { type: 'start' },
    ];
    expect(play([task('a'), task('b', { needs: ['a'] })], events)).toEqual([
      ['work a'],
      ['kill a', 'announce-cancel'],
      ['finish interrupted'],
      [],
      [],
    ]);
  });
});

const scenario = fc.record({
  parallel: fc.integer({ min: 1, max: 5 }),
  failFast: fc.boolean(),
  tasks: fc.array(
    fc.record({
      needs: fc.array(fc.nat(100), { maxLength: 4 }),
      locks: fc.subarray(['x', 'y', 'z']),
      action: fc.constantFrom('run' as const, 'known-after' as const, 'probe' as const),
      orphaned: fc.boolean(),
    }),
    { maxLength: 14 },
  ),
  choices: fc.array(
    fc.record({
      pick: fc.nat(100),
      way: fc.nat(100),
      cancel: fc.option(fc.constantFrom(1 as const, 2 as const, 3 as const), { nil: undefined, freq: 12 }),
    }),
    { maxLength: 60 },
  ),
});

test('whatever happens, in whatever order: slots, locks and needs are respected, every step ends once, and the run ends', () => {
  fc.assert(
    fc.property(scenario, ({ parallel, failFast, tasks: drawn, choices }) => {
      const tasks = drawn.map((one, index) =>
        task(`t${index}`, {
          ...one,
          needs: index === 0 ? [] : [...new Set(one.needs.map((need) => `t${need % index}`))],
        }),
      );
      const locksOf = new Map(tasks.map(({ id, locks }) => [id, locks]));
      const needsOf = new Map(tasks.map(({ id, needs }) => [id, needs]));
      let schedule = newSchedule(tasks, { parallel, failFast });
      const open = new Map<string, 'adopt' | 'work' | 'probe' | 'sleep' | 'give-up'>();
      const done = new Set<string>();
      const skipped = new Set<string>();
      let finished = 0;
      let cancelled = false;
      const obey = (command: Command): void => {
        if (command.type === 'finish') {
          finished += 1;
          if (!cancelled && !failFast) expect(done.size + skipped.size + failedSteps.size).toBe(tasks.length);
          return;
        }
        if (command.type === 'work') {
          const working = [...open].filter(([, how]) => how === 'work' || how === 'adopt').map(([id]) => id);
          expect(working.length).toBeLessThan(parallel);
          for (const need of needsOf.get(command.step) ?? []) expect(done).toContain(need);
          for (const lock of locksOf.get(command.step) ?? [])
            expect(working.flatMap((id) => locksOf.get(id) ?? [])).not.toContain(lock);
          expect(cancelled).toBe(false);
        }
        if (command.type === 'skip') skipped.add(command.step);
        if (
          command.type === 'adopt' ||
          command.type === 'work' ||
          command.type === 'probe' ||
          command.type === 'sleep' ||
          command.type === 'give-up'
        )
          open.set(command.step, command.type);
      };
      const failedSteps = new Set<string>();
      const feed = (event: ScheduleEvent): void => {
        const [next, commands] = reduce(schedule, event);
        schedule = next;
        commands.forEach(obey);
      };
      feed({ type: 'start' });
      // What was not drawn goes well.
      for (const { pick, way, cancel } of [
        ...choices,
        ...Array.from({ length: 100 }, () => ({ pick: 0, way: 99, cancel: undefined })),
      ]) {
        if (cancel !== undefined) {
          cancelled = true;
          feed({ type: 'cancel', level: cancel });
        }
        const [step, how] = [...open][pick % Math.max(1, open.size)] ?? [];
        if (step === undefined || how === undefined) break;
        open.delete(step);
        if (how === 'adopt') feed({ type: 'adopted', step });
        else if (how === 'sleep') feed({ type: 'retry-due', step });
        else if (how === 'work' && way < 20) feed({ type: 'retry', step, delay: 1 });
        else if (how === 'work' && way < 50) feed({ type: 'applied', step });
        else if (how === 'give-up' || way < 60) {
          failedSteps.add(step);
          feed({ type: 'failed', step });
        } else {
          done.add(step);
          feed({ type: 'done', step });
        }
      }
      if (open.size === 0) expect(finished).toBe(1);
      else expect(finished).toBe(0);
      expect(new Set([...done].filter((id) => skipped.has(id) || failedSteps.has(id))).size).toBe(0);
    }),
    { numRuns: 400 },
  );
});
