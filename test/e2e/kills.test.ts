import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsCalls, clusterWrites, locksLeft, repeatedSteps, shape } from './support/far-side.ts';
import { makeProject, type Project } from './support/project.ts';
import { smallPlatform } from './support/platforms.ts';

/** Fixed by the day of the week, so that a failure can be repeated and the week covers many places. Printed with each test. */
const seed = Number(process.env['PLATFORM_KILL_SEED'] ?? 4711);
const kills = 10;
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

let reference: { shape: readonly string[]; events: number; removal: number; left: readonly string[] };
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
    events: run.events.length,
    removal: removal.events.length,
    left: await shape(project),
  };
  await project.remove();
});
afterAll(async () => {
  for (const project of projects) await project.remove();
});

describe('SIGKILL at a random record of the journal, then the same command again', () => {
  const random = randomNumbers(seed);
  const places = Array.from({ length: kills }, () => random.next().value);
  const removals = Array.from({ length: kills }, () => random.next().value);

  // Two at a time: each has a sandbox of its own, and half of a run is waiting.
  it.concurrent.for(places.map((place, index) => ({ place, index })))(
    `seed ${seed}, kill $index at $place of the run`,
    async ({ place, index }, { expect }) => {
      const project = await fresh();
      const last = Math.floor(place * (reference.events - 2));
      let seen = 0;
      const cut = await project.platform(up, {
        onEvent: (_event, child) => {
          if (seen++ === last) child.kill('SIGKILL');
        },
      });
      expect(cut.signal, cut.stderr).toBe('SIGKILL');

      const resumed = await project.platform(up);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(await shape(project)).toEqual(reference.shape);
      expect(repeatedSteps(project)).toEqual([]);
      expect(
        awsCalls(project).filter(({ action }) => action.startsWith('Terminate') || action === 'DeleteVpc'),
      ).toEqual([]);
      expect(await locksLeft(project)).toEqual([]);

      if (index % 5 === 0) {
        const before = { aws: awsCalls(project).length, cluster: clusterWrites(project).length };
        const again = await project.platform(['up', '--yes']);
        expect(again.stderr).toContain('Nothing is to be done');
        expect(
          awsCalls(project)
            .slice(before.aws)
            .filter(({ write }) => write),
        ).toEqual([]);
        expect(clusterWrites(project).slice(before.cluster)).toEqual([]);
      }

      // The teardown is killed twice: somewhere, and early in what is left of it.
      for (const record of [Math.floor((removals[index] ?? 0) * (reference.removal - 2)), index]) {
        let told = 0;
        const death = await project.platform(destroy, {
          onEvent: (_event, child) => {
            if (told++ === record) child.kill('SIGKILL');
          },
        });
        expect(death.signal, death.stderr).toBe('SIGKILL');
      }
      const removed = await project.platform(destroy);
      expect(removed.code, removed.stderr).toBe(0);
      expect(await shape(project)).toEqual(reference.left);
      expect(await locksLeft(project)).toEqual([]);
      await project.remove();
    },
  );
});
