import { describe, expect, test } from 'vitest';
import { playWorld } from '../../worlds/property.ts';

/** Worlds of the suite; `npm run worlds` plays ten times as many, and `npm run worlds -- --seed N` tells one as a story. */
const worlds = 1000;
const perTest = 50;

describe('a teardown, in accounts full of other people’s things', () => {
  test.for(Array.from({ length: worlds / perTest }, (_, index) => 1 + index * perTest))(
    'harms nobody, leaves nothing of ours unnamed, ends as promised (worlds from %i)',
    { timeout: 120_000 },
    async (first) => {
      const broken: string[] = [];
      for (let seed = first; seed < first + perTest; seed++) {
        const { problems } = await playWorld(seed);
        broken.push(...problems.map((problem) => `world ${seed}: ${problem}`));
      }
      expect(broken).toEqual([]);
    },
  );
});
