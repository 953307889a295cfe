import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformEvent } from '../../src/engine/events.ts';
import { until } from '../helpers/until.ts';
import { awsCalls, clusterWrites, locksLeft, processesOf, repeatedSteps, shape } from './support/far-side.ts';
import { makeProject, type Project } from './support/project.ts';
import { cancelled } from './support/cancelled.ts';
import { smallPlatform } from './support/platforms.ts';

/** Fixed, so that a failure can be repeated; printed with each test. */
const seed = Number(process.env['PLATFORM_KILL_SEED'] ?? 4711);
/** Of one build, and of one teardown; `npm run kills` lets 20 teardowns die. */
const deaths = { build: 10, removal: Number(process.env['PLATFORM_KILLS'] ?? 5) };
/** About as many as a run writes that nobody kills: the places of death are spread over them. */
const records = { build: 60, removal: 60 };
const up = ['up', '--json', '--yes'];
const destroy = ['destroy', '--cleanup', '--json', '--yes'];
const tree = { tree: 'test/fixtures/small-tree' };

/** A small generator (Lehmer, 1951): the same seed gives the same kills. */
function* randomNumbers(from: number): Generator<number, never> {
  let state = (from % 2_147_483_646) + 1;
  for (;;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

let project: Project;
/** What stands before anything is built. */
let empty: readonly string[];
beforeAll(async () => {
  project = makeProject(smallPlatform, tree);
  expect(await project.platform(['sandbox', 'up'])).toMatchObject({ code: 0 });
  empty = await shape(project);
});
afterAll(async () => project?.remove());

/** What stands in the journal; all else is only told. */
const isRecord = ({ type }: PlatformEvent): boolean => !toldOnly.has(type);
const toldOnly: ReadonlySet<string> = new Set<PlatformEvent['type']>([
  'step.waiting',
  'step.checking',
  'step.note',
  'step.retrying',
  'run.cancelling',
  'run.message',
]);

/** Runs the command until its n-th record, and kills it there. */
async function killAt(args: readonly string[], record: number): Promise<void> {
  let told = 0;
  const cut = await project.platform(args, {
    onEvent: (event, child) => {
      if (isRecord(event) && told++ === record) child.kill('SIGKILL');
    },
  });
  expect(cut.signal, `${args[0]} was not cut at ${record}: ${cut.stderr}`).toBe('SIGKILL');
}

/** Each death comes somewhere in the next so many records, so that all of them are spread over what a whole run writes. */
async function killAll(args: readonly string[], places: readonly number[], written: number): Promise<void> {
  const share = Math.max(4, (1.5 * written) / (places.length + 1));
  for (const place of places) await killAt(args, Math.floor(place * share));
}

/** One story: killed while it is built, killed while it is taken apart, cancelled while it is built again. */
describe(`SIGKILL at random records of the journal (seed ${seed}), then the same command again`, () => {
  const random = randomNumbers(seed);
  const draw = (count: number): readonly number[] => Array.from({ length: count }, () => random.next().value);
  let built: readonly string[];

  it(`${deaths.build} deaths of one build: nothing is done twice, nothing is made twice, no lock is left`, async () => {
    await killAll(up, draw(deaths.build), records.build);
    const resumed = await project.platform(up);
    expect(resumed.code, resumed.stderr).toBe(0);
    built = await shape(project);
    expect(repeatedSteps(project)).toEqual([]);
    const removed = awsCalls(project).filter(({ action }) => action.startsWith('Terminate') || action === 'DeleteVpc');
    expect(removed).toEqual([]);
    expect(await locksLeft(project)).toEqual([]);
  });

  it('and then nothing is to be done, and nothing is written', async () => {
    const before = { aws: awsCalls(project).length, cluster: clusterWrites(project).length };
    const idle = await project.platform(['up', '--yes']);
    expect(idle.stderr).toContain('Nothing is to be done');
    const calls = awsCalls(project).slice(before.aws);
    expect(calls.filter(({ write }) => write)).toEqual([]);
    expect(clusterWrites(project).slice(before.cluster)).toEqual([]);
  });

  it(`${deaths.removal} deaths of one teardown: only the bucket of the states is left, and no lock`, async () => {
    await killAll(destroy, draw(deaths.removal), records.removal);
    const removed = await project.platform(destroy);
    expect(removed.code, removed.stderr).toBe(0);
    const left = await shape(project);
    expect(left.filter((one) => !one.startsWith('bucket platform-state-'))).toEqual(empty);
    expect(await locksLeft(project)).toEqual([]);
  });

  cancelled(() => project);

  it('and that is the same platform as the one that was killed', async () => {
    expect(await shape(project)).toEqual(built);
  });

  it('sandbox down leaves nothing, not a tunnel of one of the dead either', async () => {
    expect(await project.platform(['sandbox', 'down'])).toMatchObject({ code: 0 });
    await until('no process of the project', () => processesOf(project).length === 0);
  });
});
