import type { TeardownChoices } from '../../../src/config/config.ts';
import { Random } from '../random.ts';
import type { World } from '../world.ts';

/** What a teardown is a part of, or is asked beside itself. */
export interface Variant {
  /** Whose Terraform tree built it. */
  readonly tree: World['tree'];
  readonly choices: Partial<TeardownChoices>;
}

/**
 * Drawn from numbers of its own, so that what else a seed stands for stays as it was: the teardown half of a rebuild, which keeps the id; a backup of
 * the volumes first; a tree of the user's own; and combinations of these.
 */
export function variantOf(seed: number): Variant {
  const random = new Random(seed ^ 0x0b5e55ed);
  const [isRebuild, isSaved, isOwn] = [random.chance(0.12), random.chance(0.12), random.chance(0.15)];
  return {
    tree: isOwn ? 'own' : 'ours',
    choices: {
      // Without --cleanup a plan with leftovers is refused before any step, and a rebuild never is without.
      ...(isRebuild ? { rebuild: true, cleanup: true } : {}),
      ...(isSaved ? { backup: 'volumes', deleteData: false } : {}),
      ...(isOwn ? { cleanup: true, keepFoundation: false } : {}),
    },
  };
}
