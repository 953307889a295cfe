import type { TerraformRoot } from '../ports.ts';
import type { PlanAhead } from './apply.ts';
import type { TerraformOptions } from './call.ts';
import type { WorkingCopy } from './working-copy.ts';

interface Kept {
  readonly plan: PlanAhead;
  readonly at: number;
}

/** Of this process: a step that looks, one that plans ahead and one that acts have instances of the adapter of their own. */
const kept = new Map<string, Kept>();

/** Plans that were made before their turn, one for each root, working copy and purpose. */
export interface PlansAhead {
  keep(root: TerraformRoot, copy: WorkingCopy, plan: PlanAhead): void;
  /** Takes the plan away, if it is younger than `within` milliseconds: nobody uses it twice. An older one's file goes, for it holds values of the state. */
  take(root: TerraformRoot, copy: WorkingCopy, within?: number): Promise<PlanAhead | undefined>;
}

export function plansAhead(
  purpose: 'apply' | 'destroy',
  { folder, clock, files }: Pick<TerraformOptions, 'folder' | 'clock' | 'files'>,
): PlansAhead {
  const keyOf = (root: TerraformRoot, copy: WorkingCopy): string => JSON.stringify([purpose, folder, root, copy.key]);
  return {
    keep: (root, copy, plan) => void kept.set(keyOf(root, copy), { plan, at: clock.monotonic() }),
    async take(root, copy, within = Number.POSITIVE_INFINITY) {
      const found = kept.get(keyOf(root, copy));
      if (found === undefined) return undefined;
      kept.delete(keyOf(root, copy));
      if (clock.monotonic() - found.at <= within) return found.plan;
      await files.remove(found.plan.file);
      return undefined;
    },
  };
}
