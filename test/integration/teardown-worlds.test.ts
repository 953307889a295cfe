import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { terraformMirror } from '../../src/sandbox/find-tools.ts';
import { environment } from '../helpers/environment.ts';
import { awsPython } from '../helpers/tool-caches.ts';
import { type Build, buildImages } from '../worlds/wire-build.ts';
import { harm } from '../worlds/wire-harm.ts';
import { badEnding, waits } from '../worlds/wire-judge.ts';
import { followAdvice } from '../worlds/wire-owners.ts';
import { destroy } from '../worlds/wire-play.ts';
import { writeTrace } from '../worlds/wire-trace.ts';
import { makeWorld, type WireWorld } from '../worlds/wire-world.ts';

/** `npm run worlds:aws` plays 20; none in `npm test`, where they would take a tenth of all its processor time, most of it for one build with both roots. */
const count = Number(environment['PLATFORM_WORLDS'] ?? 0);
const only = environment['PLATFORM_WORLD_SEED'];
const seeds = only?.split(',').map(Number) ?? Array.from({ length: count }, (_, index) => index + 1);
/** After so many changes by Terraform; a whole build makes about forty. */
const cuts = [2, 7, 13, 20, 28, 36];

const found = (environment['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'terraform')));
const reason = [
  ...(seeds.length === 0 ? ['npm run worlds:aws plays them'] : []),
  ...(found ? [] : ['terraform is not on PATH']),
  ...(awsPython === undefined ? ['no Python for the local AWS: npm run setup'] : []),
  ...((await terraformMirror(environment['HOME'] ?? '')) === undefined ? ['no folder mirrors the AWS provider'] : []),
].join(', ');

/** The built program and the real Terraform, each time on an account of its own: no foreign harm, nothing left (docs/worlds.md). */
describe.skipIf(reason !== '')(`worlds on the local AWS${reason === '' ? '' : ` (SKIPPED: ${reason})`}`, () => {
  let build: Build;
  beforeAll(async () => {
    build = await buildImages(cuts);
  }, 600_000);
  afterAll(async () => await build?.remove());

  // Several at a time: half of a run is waiting.
  it.concurrent.for(seeds.length === 0 ? [1] : seeds)('seed %i', { timeout: 600_000 }, async (seed, { expect }) => {
    const world = await makeWorld(seed, build);
    try {
      const { code, problems } = await play(world);
      const after = code === 0 ? undefined : await followAdvice(world);
      if (after !== undefined)
        problems.push(...(await play(after, '-after')).problems.map((one) => `after the advice was followed: ${one}`));
      const replay = `PLATFORM_WORLD_SEED=${seed} npx vitest run test/integration/teardown-worlds.test.ts`;
      expect(problems, `seed ${seed}: ${world.story.join('; ')}\nagain: ${replay}\n${problems.join('\n')}`).toEqual([]);
    } finally {
      world.remove();
    }
  });
});

/** Its exit code, and everything that broke a promise, one line each. */
async function play(
  world: WireWorld,
  part = '',
): Promise<{ readonly code: number | null; readonly problems: string[] }> {
  const ended = await destroy(world);
  await writeTrace(environment['PLATFORM_WORLD_TRACE'], part, world, ended);
  const problems = [...(await harm(world)), ...(await badEnding(world, ended)), ...(await waits(world))];
  return { code: ended.code, problems };
}
