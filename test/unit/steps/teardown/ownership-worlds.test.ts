import { expect, test } from 'vitest';
import type { PlatformError } from '../../../../src/errors.ts';
import { generateWorld } from '../../../worlds/generate/generate.ts';
import { lookAt } from '../../../worlds/look.ts';

const seeds = Array.from({ length: 300 }, (_, index) => index + 1);

/** The verdicts on everything of one generated account, beside what its maker knows; undefined where the look was refused. */
async function compare(seed: number) {
  const world = await generateWorld(seed, { calm: true });
  const look = await lookAt(world).catch((error: unknown) => {
    // Somebody else's cluster behind our kubeconfig, one that nothing proves, or a lost cluster id.
    expect(['IDENTITY_MISMATCH', 'CONTRACT_BROKEN']).toContain((error as PlatformError).code);
    return undefined;
  });
  return look?.findings.map(({ resource: { kind, id }, class: ownership, because }) => ({
    thing: `seed ${seed}: ${kind} ${id}, ${because}`,
    ours: ownership === 'owned' || ownership === 'data',
    ownership,
    truth: world.aws.find(kind, id)?.truth,
  }));
}

test('in generated accounts nothing of others is called ours, and all that is provable is', async () => {
  const found = (await Promise.all(seeds.map(compare))).flatMap((one) => one ?? []);
  const of = (...truths: readonly string[]) =>
    found.filter(({ truth }) => truth !== undefined && truths.includes(truth));
  expect(of('foreign', 'shared', 'unknowable').filter(({ ours }) => ours)).toEqual([]);
  expect(of('ours').filter(({ ownership }) => ownership !== 'owned')).toEqual([]);
  expect(of('data').filter(({ ownership }) => ownership !== 'data')).toEqual([]);
  // The accounts are not empty of either.
  expect(of('foreign', 'shared', 'unknowable').length).toBeGreaterThan(500);
  expect(of('ours').length).toBeGreaterThan(2000);
});
