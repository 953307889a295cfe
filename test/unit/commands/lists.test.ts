import { describe, expect, test } from 'vitest';
import { startRun } from '../../../src/engine/run-summary.ts';
import { border, everyInstance, listFor, openTeardown } from '../../../src/commands/lists.ts';
import { refuseHalfTeardown } from '../../../src/commands/up.ts';
import { foldJournals } from '../../../src/engine/fold.ts';
import { select } from '../../../src/engine/select.ts';
import { exampleConfig } from '../../helpers/configuration.ts';

const choices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none',
  rebuild: true,
} as const;
const config = { ...exampleConfig(), teardown: choices };
const run = startRun({ v: 1, seq: 1, ts: 0, run: 'r', event: { type: 'epoch.closed', because: '' } });

describe('the list of a rebuild', () => {
  test('has the checks first, and nothing of the build before the teardown is verified', async () => {
    const { instances } = await listFor('rebuild', config);
    const needs = new Map(instances.map(({ id, needIds }) => [id, needIds]));
    const reaches = (from: string, to: string): boolean =>
      from === to || (needs.get(from) ?? []).some((need) => reaches(need, to));
    expect(instances[0]?.id).toBe('doctor');
    for (const { id } of instances.slice(1)) expect(reaches(id, 'doctor'), id).toBe(true);
    const built = (await listFor('up', config)).instances.map(({ id }) => id).filter((id) => id !== 'doctor');
    for (const id of built) expect(reaches(id, border), id).toBe(true);
    expect(reaches('rebuild-downloads', 'destroy-inventory')).toBe(false);
    expect(new Set(instances.map(({ id }) => id)).size).toBe(instances.length);
  });

  test('keeps what each step sees of the others: a gate orders, and is no need', async () => {
    const up = new Map((await listFor('up', config)).instances.map((one) => [one.id, one.needs]));
    for (const one of (await listFor('rebuild', config)).instances)
      if (up.has(one.id)) expect(one.needs).toEqual(up.get(one.id));
  });

  test('--until infrastructure takes all of the old one apart first, and builds no further than its machines', async () => {
    const { instances } = await listFor('rebuild', config);
    const state = foldJournals([]);
    const { leftOut } = select({ until: ['infrastructure'] }, instances, state);
    const chosen = instances.map(({ id }) => id).filter((id) => leftOut(id) === undefined);
    const teardown = (await listFor('destroy', config)).instances.map(({ id }) => id);
    expect(chosen).toEqual(expect.arrayContaining(['doctor', ...teardown, 'state-backend', 'infrastructure']));
    for (const id of ['node-base', 'control-plane', 'cni', 'smoke']) expect(leftOut(id), id).toMatch(/--until/);
  });

  test.each(['done', 'kept'] as const)('beyond the border (%s) has only its build half', async (how) => {
    const past = { ...run, [how]: [border] };
    const ids = (await listFor('rebuild', config, past)).instances.map(({ id }) => id);
    expect(ids).toEqual((await listFor('up', config)).instances.map(({ id }) => id));
    const before = (await listFor('rebuild', config, run)).instances.map(({ id }) => id);
    expect(before).toContain(border);
  });
});

test('every list knows the steps of the others, so that no record of theirs is called gone', async () => {
  const lists = await Promise.all((['up', 'destroy', 'rebuild'] as const).map((verb) => listFor(verb, config)));
  for (const { listed } of lists)
    for (const { step } of lists.flatMap((one) => one.instances)) expect(listed).toContain(step.id);
  const every = (await everyInstance(config)).map(({ id }) => id);
  expect(every).toEqual(expect.arrayContaining(['control-plane', 'destroy-leftovers']));
});

test('a teardown is open as long as a step of it is on record', async () => {
  const record = { state: 'done' } as never;
  expect(await openTeardown({ steps: new Map([['smoke', record]]) })).toEqual([]);
  expect(
    await openTeardown({
      steps: new Map([
        ['smoke', record],
        ['destroy-suspend', record],
      ]),
    }),
  ).toEqual(['destroy-suspend']);
});

test('an up never goes on with a teardown that was cut off: it names the three ways on', () => {
  expect(() => refuseHalfTeardown([], 'dev')).not.toThrow();
  expect(() => refuseHalfTeardown(['destroy-inventory', 'destroy-suspend'], 'dev')).toThrow(
    expect.objectContaining({
      code: 'UNFINISHED_VERB',
      message: expect.stringContaining('up to destroy-suspend'),
      next: [
        expect.stringContaining('platform destroy --cleanup --env dev'),
        expect.stringContaining('platform rebuild --env dev'),
        expect.stringContaining('platform settle --abandon destroy --env dev'),
      ],
    }),
  );
});
