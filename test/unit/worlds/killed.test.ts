import { describe, expect, test } from 'vitest';
import { killWorld, undisturbed } from '../../worlds/property.ts';

const saving = { rebuild: true, backup: 'volumes', deleteData: false } as const;

/** A whole platform, and some that are half there. */
const worlds = [
  { seed: 7, wishes: { whole: true, decoys: [] }, every: 3 },
  { seed: 3, wishes: {}, every: 11 },
  { seed: 8, wishes: {}, every: 11 },
  { seed: 12, wishes: {}, every: 11 },
  // A tree of the user's own; the teardown half of a rebuild that saves the volumes first.
  { seed: 9, wishes: { whole: true, decoys: [], variant: { tree: 'own' } }, every: 7 },
  { seed: 10, wishes: { whole: true, decoys: [], variant: { choices: saving } }, every: 7 },
] as const;

describe('a teardown that is killed and resumed', () => {
  test.for(worlds)(
    'at records of its journal ends as if nobody had killed it (world $seed)',
    { timeout: 120_000 },
    async (one) => {
      const { seed, wishes, every } = one;
      const { rest, points } = await undisturbed(seed, wishes);
      expect(points).toBeGreaterThan(every);
      const broken: string[] = [];
      for (let point = 1; point <= points; point += every)
        broken.push(...(await killWorld(seed, { point }, wishes, rest)));
      expect(broken).toEqual([]);
    },
  );

  test.for([7, 12])(
    'at any time ends as if nobody had killed it, Terraform in the middle (world %i)',
    { timeout: 120_000 },
    async (seed) => {
      const wishes = { whole: true, decoys: [] } as const;
      const { rest, wall } = await undisturbed(seed, wishes);
      const broken: string[] = [];
      for (let part = 1; part < 20; part++)
        broken.push(...(await killWorld(seed, { after: (wall * part) / 20 + 137 * part }, wishes, rest)));
      expect(broken).toEqual([]);
    },
  );
});
