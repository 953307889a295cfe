import { describe, expect, test } from 'vitest';
import type { DurableEvent, Failure } from '../../../src/engine/events.ts';
import { foldRecords } from '../../../src/engine/fold.ts';
import { resumableRun } from '../../../src/engine/run-summary.ts';

const created: DurableEvent = {
  type: 'run.created',
  verb: 'up',
  environment: 'dev',
  version: '1',
  config: 'c',
  steps: [],
};
const intent: DurableEvent = { type: 'step.intent', step: 'a', attempt: 1, inputs: 'h1', because: 'absent' };
const process = { id: 'p', tool: 'helm', pid: 5, startTime: '9', bootId: 'b', log: 'l' };
const spawned: DurableEvent = { type: 'step.spawned', step: 'a', attempt: 1, process };
const adopted: DurableEvent = { type: 'step.adopted', step: 'a', attempt: 1, process, exitCode: 0, signal: null };
const applied: DurableEvent = { type: 'step.applied', step: 'a', attempt: 1, output: 'out', work: 50 };
const done: DurableEvent = {
  type: 'step.done',
  step: 'a',
  attempt: 1,
  output: 'out',
  inputs: 'h1',
  kept: false,
  because: 'absent',
  work: 50,
  wait: 7,
};
const kept: DurableEvent = {
  type: 'step.done',
  step: 'a',
  attempt: 1,
  output: 'new',
  inputs: 'h1',
  kept: true,
  because: 'is there',
  work: 0,
  wait: 0,
};
const failure: Failure = { code: 'AWS', message: 'refused', next: [], class: 'permanent', facts: {} };
const failed: DurableEvent = { type: 'step.failed', step: 'a', attempt: 1, failure, work: 3, wait: 0 };
const interrupted: DurableEvent = { type: 'step.interrupted', step: 'a', attempt: 1, because: 'cancelled' };

function fold(...events: DurableEvent[]) {
  return foldRecords(events.map((event, index) => ({ v: 1, seq: index + 1, ts: index, run: 'r1', event })));
}

describe('a step after each record', () => {
  const rows: [string, DurableEvent[], object | undefined][] = [
    ['nothing', [created], undefined],
    ['intent: in doubt', [intent], { state: 'in-doubt', attempts: 1, inputs: 'h1', run: 'r1' }],
    ['spawned: in doubt, with its tool', [intent, spawned], { state: 'in-doubt', processes: [process] }],
    ['adopted: in doubt, its tool ended', [intent, spawned, adopted], { state: 'in-doubt', processes: [] }],
    ['applied', [intent, spawned, applied], { state: 'applied', output: 'out', work: 50, processes: [] }],
    ['done', [intent, applied, done], { state: 'done', output: 'out', work: 50, wait: 7, inputs: 'h1' }],
    [
      'kept: the newer output, the older durations',
      [intent, applied, done, kept],
      { state: 'done', output: 'new', work: 50, wait: 7, because: 'is there' },
    ],
    ['failed', [intent, failed], { state: 'failed', failure, because: 'refused', work: 3 }],
    [
      'interrupted: keeps its tools',
      [intent, spawned, interrupted],
      { state: 'interrupted', processes: [process], because: 'cancelled' },
    ],
    [
      'a second intent: in doubt again, without output',
      [intent, applied, done, { ...intent, attempt: 2 }],
      { state: 'in-doubt', attempts: 2, work: 0 },
    ],
    [
      'skipped: as before',
      [intent, done, { type: 'step.skipped', step: 'a', because: 'x', blockedBy: [] }],
      { state: 'done' },
    ],
    ['forgotten', [intent, done, { type: 'step.forgotten', step: 'a', because: 'x' }], undefined],
    ['epoch closed', [intent, done, { type: 'epoch.closed', because: 'removed' }], undefined],
  ];
  test.each(rows)('%s', (_, events, expected) => {
    const record = fold(created, ...events).steps.get('a');
    if (expected === undefined) expect(record).toBeUndefined();
    else expect(record).toMatchObject(expected);
  });

  test('a second intent has no output left over', () => {
    expect(fold(created, intent, applied, done, intent).steps.get('a')).not.toHaveProperty('output');
  });
});

describe('a run', () => {
  const finished = (ending: 'done' | 'failed' | 'interrupted'): DurableEvent => ({
    type: 'run.finished',
    ending,
    exitCode: 1,
    wall: 9,
  });
  const resumed: DurableEvent = {
    type: 'run.resumed',
    pid: 1,
    startTime: '',
    bootId: '',
    host: '',
    because: '',
    repairedBytes: 0,
  };

  test('is summed up', () => {
    expect(fold(created, intent, applied, done, finished('done')).runs).toMatchObject([
      {
        run: 'r1',
        verb: 'up',
        environment: 'dev',
        done: ['a'],
        kept: [],
        ended: { ending: 'done', wall: 9 },
        resumed: 0,
      },
    ]);
  });

  test('is gone on with by its own verb when it was cut off or cancelled, and not when it ended', () => {
    expect(resumableRun(fold(created, intent).runs, 'up')?.run).toBe('r1');
    expect(resumableRun(fold(created, intent).runs, 'destroy')).toBeUndefined();
    expect(resumableRun(fold(created, finished('interrupted')).runs, 'up')?.run).toBe('r1');
    expect(resumableRun(fold(created, finished('failed')).runs, 'up')).toBeUndefined();
    expect(resumableRun(fold(created, finished('failed')).runs, 'up', { failed: true })?.run).toBe('r1');
    expect(resumableRun(fold(created, finished('done')).runs, 'up', { failed: true })).toBeUndefined();
    expect(resumableRun(fold(created, finished('interrupted'), resumed, finished('done')).runs, 'up')).toBeUndefined();
    expect(resumableRun(fold(created, finished('failed'), resumed).runs, 'up')).toMatchObject({ resumed: 1 });
  });

  test('is still gone on with after platform settle, which is no run of a verb', () => {
    const records = [created, intent, adopted].map((event, index) => ({
      v: 1,
      seq: index + 1,
      ts: index,
      run: event === adopted ? 'settle-1' : 'r1',
      event,
    }));
    expect(resumableRun(foldRecords(records as never).runs, 'up')?.run).toBe('r1');
  });
});
