import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsCalls, clusterWrites, locksLeft, repeatedSteps, shape } from './support/far-side.ts';
import { makeProject, type Project } from './support/project.ts';
import { smallPlatform } from './support/platforms.ts';

/** Fixed, so that a failure can be repeated; printed with each test. */
const seed = Number(process.env['PLATFORM_KILL_SEED'] ?? 4711);
/** Each lives once from nothing to nothing: its build dies twice, its teardown four times. */
const lives = 5;
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

/** Runs the command until its n-th event, and kills it there. */
async function killAt(project: Project, args: readonly string[], record: number): Promise<void> {
  let told = 0;
  const cut = await project.platform(args, {
    onEvent: (_event, child) => {
      if (told++ === record) child.kill('SIGKILL');
    },
  });
  expect(cut.signal, `${args[0]} was not cut at ${record}: ${cut.stderr}`).toBe('SIGKILL');
}

describe('SIGKILL at random records of the journal, then the same command again', () => {
  const random = randomNumbers(seed);
  const places = Array.from({ length: lives }, () => Array.from({ length: 6 }, () => random.next().value));

  // Two at a time: each has a sandbox of its own, and half of a run is waiting.
  it.concurrent.for(places.map((place, index) => ({ place, index })))(
    `seed ${seed}, life $index, killed at $place`,
    async ({ place, index }, { expect }) => {
      const [build = 0, again = 0, removal = 0, ...more] = place;
      const project = await fresh();
      await killAt(project, up, Math.floor(build * (reference.events - 2)));
      // Somewhere in what is left: a run that goes on tells more than so many events, whatever it finds done.
      await killAt(project, up, Math.floor(again * 12));
      const resumed = await project.platform(up);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(await shape(project)).toEqual(reference.shape);
      expect(repeatedSteps(project)).toEqual([]);
      expect(
        awsCalls(project).filter(({ action }) => action.startsWith('Terminate') || action === 'DeleteVpc'),
      ).toEqual([]);
      expect(await locksLeft(project)).toEqual([]);

      if (index % 3 === 0) {
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

      await killAt(project, destroy, Math.floor(removal * (reference.removal - 2)));
      for (const next of more) await killAt(project, destroy, Math.floor(next * 8));
      const removed = await project.platform(destroy);
      expect(removed.code, removed.stderr).toBe(0);
      expect(await shape(project)).toEqual(reference.left);
      expect(await locksLeft(project)).toEqual([]);
      await project.remove();
    },
  );
});
