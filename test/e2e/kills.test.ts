import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformEvent } from '../../src/engine/events.ts';
import { awsCalls, clusterWrites, locksLeft, repeatedSteps, shape } from './support/far-side.ts';
import { makeProject, type Project } from './support/project.ts';
import { smallPlatform } from './support/platforms.ts';

/** Fixed, so that a failure can be repeated; printed with each test. */
const seed = Number(process.env['PLATFORM_KILL_SEED'] ?? 4711);
/** Each lives once from nothing to nothing, and dies on the way: 10 deaths of builds in all; 10 of teardowns, or 20 in `npm run kills`. */
const lives = 2;
const deaths = { build: 5, removal: Number(process.env['PLATFORM_KILLS'] ?? 5) };
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

let reference: { shape: readonly string[]; build: number; removal: number; left: readonly string[] };
const projects: Project[] = [];
const fresh = async (): Promise<Project> => {
  const project = makeProject(smallPlatform, tree);
  projects.push(project);
  expect(await project.platform(['sandbox', 'up'])).toMatchObject({ code: 0 });
  return project;
};

beforeAll(async () => {
  const project = await fresh();
  const run = await project.platform(up);
  expect(run.code, run.stderr).toBe(0);
  const built = await shape(project);
  const removal = await project.platform(destroy);
  expect(removal.code, removal.stderr).toBe(0);
  reference = {
    shape: built,
    build: run.events.filter(isRecord).length,
    removal: removal.events.filter(isRecord).length,
    left: await shape(project),
  };
  await project.remove();
});
afterAll(async () => {
  for (const project of projects) await project.remove();
});

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
async function killAt(project: Project, args: readonly string[], record: number): Promise<void> {
  let told = 0;
  const cut = await project.platform(args, {
    onEvent: (event, child) => {
      if (isRecord(event) && told++ === record) child.kill('SIGKILL');
    },
  });
  expect(cut.signal, `${args[0]} was not cut at ${record}: ${cut.stderr}`).toBe('SIGKILL');
}

/** Each death comes somewhere in the next so many records, so that all of them are spread over what a whole run writes. */
async function killAll(
  project: Project,
  args: readonly string[],
  places: readonly number[],
  records: number,
): Promise<void> {
  const share = Math.max(4, (1.5 * records) / (places.length + 1));
  for (const place of places) await killAt(project, args, Math.floor(place * share));
}

describe('SIGKILL at random records of the journal, then the same command again', () => {
  const random = randomNumbers(seed);
  const draw = (count: number): readonly number[] => Array.from({ length: count }, () => random.next().value);
  const places = Array.from({ length: lives }, () => ({ build: draw(deaths.build), removal: draw(deaths.removal) }));

  // Two at a time: each has a sandbox of its own, and half of a run is waiting.
  it.concurrent.for(places.map((place, index) => ({ place, index })))(
    `seed ${seed}, life $index`,
    async ({ place, index }, { expect }) => {
      const project = await fresh();
      await killAll(project, up, place.build, reference.build);
      const resumed = await project.platform(up);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(await shape(project)).toEqual(reference.shape);
      expect(repeatedSteps(project)).toEqual([]);
      expect(
        awsCalls(project).filter(({ action }) => action.startsWith('Terminate') || action === 'DeleteVpc'),
      ).toEqual([]);
      expect(await locksLeft(project)).toEqual([]);

      if (index === 0) {
        const before = { aws: awsCalls(project).length, cluster: clusterWrites(project).length };
        const idle = await project.platform(['up', '--yes']);
        expect(idle.stderr).toContain('Nothing is to be done');
        expect(
          awsCalls(project)
            .slice(before.aws)
            .filter(({ write }) => write),
        ).toEqual([]);
        expect(clusterWrites(project).slice(before.cluster)).toEqual([]);
      }

      await killAll(project, destroy, place.removal, reference.removal);
      const removed = await project.platform(destroy);
      expect(removed.code, removed.stderr).toBe(0);
      expect(await shape(project)).toEqual(reference.left);
      expect(await locksLeft(project)).toEqual([]);
      await project.remove();
    },
  );
});
