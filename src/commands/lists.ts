import type { PlatformConfig } from '../config/config.ts';
import type { EnvironmentState } from '../engine/fold.ts';
import type { Instance } from '../engine/graph.ts';
import { resumableRun, type RunSummary } from '../engine/run-summary.ts';
import type { Selection } from '../engine/select.ts';
import type { StepId } from '../engine/types.ts';
import type { RunFlags } from './options.ts';

export type Verb = 'up' | 'destroy' | 'rebuild';
/** Verbs with a list of their own that work beside build and teardown: neither hides a build that was cut off. */
export type DayTwoVerb = 'reset' | 'restore';
export const verbs: readonly Verb[] = ['up', 'destroy', 'rebuild'];

export const isVerb = (word: string): word is Verb => (verbs as readonly string[]).includes(word);

/** What a verb works on. `listed` are the ids of every list: a recorded step outside of them is one that is gone. */
export interface VerbList {
  readonly instances: readonly Instance[];
  readonly listed: readonly StepId[];
}

/** The last step of a teardown: with it the epoch ends. */
export const border = 'destroy-verify';

/**
 * The list of a verb. A rebuild is one list with both halves: the checks come first of all, nothing of the build begins before the teardown has
 * been verified, and what a build can fetch without a cluster is fetched beside it. A rebuild that goes on beyond the border has only its build half
 * left: what stands there now is its own work, and must never be looked at as something to remove.
 */
export async function listFor(verb: Verb | DayTwoVerb, config: PlatformConfig, goesOn?: RunSummary): Promise<VerbList> {
  const [{ build }, { teardown }, { dayTwo, nodeReset, restore }, { doctor }, { rebuildDownloads }, { after, expand }] =
    await Promise.all([
      import('../steps/build/index.ts'),
      import('../steps/teardown/index.ts'),
      import('../steps/day-two/index.ts'),
      import('../steps/build/doctor.ts'),
      import('../steps/build/downloads.ts'),
      import('../engine/graph.ts'),
    ]);
  const listed = [...build, ...teardown, ...dayTwo, rebuildDownloads].map(({ id }) => id);
  if (verb === 'restore') return { instances: expand(restore, config), listed };
  if (verb === 'reset') return { instances: expand(nodeReset, config), listed };
  const building = expand(build, config);
  if (verb === 'up' || (verb === 'rebuild' && goesOn !== undefined && isPastBorder(goesOn)))
    return { instances: building, listed };
  const checks = expand([doctor], config);
  if (verb === 'destroy') return { instances: expand(teardown, config), listed };
  const gate = [doctor.id];
  return {
    instances: [
      ...checks,
      ...after(gate, expand(teardown, config)),
      ...after(gate, expand([rebuildDownloads], config)),
      ...after(
        [border, rebuildDownloads.id],
        building.filter(({ id }) => id !== doctor.id),
      ),
    ],
    listed,
  };
}

/** A run beyond the border has built already: nothing of it is to be removed, or saved. */
export const isPastBorder = ({ done, kept }: RunSummary): boolean => done.includes(border) || kept.includes(border);

/** Every step that a record may belong to, for `settle`: whichever verb left it. */
export async function everyInstance(config: PlatformConfig): Promise<readonly Instance[]> {
  const lists = await Promise.all((['up', 'destroy'] as const).map((verb) => listFor(verb, config)));
  return lists.flatMap(({ instances }) => instances);
}

/** Steps of a teardown that was begun and is neither finished nor abandoned. */
export async function openTeardown({ steps }: Pick<EnvironmentState, 'steps'>): Promise<readonly StepId[]> {
  const { teardown } = await import('../steps/teardown/index.ts');
  const ids = new Set(teardown.map(({ id }) => id));
  return [...steps.keys()].filter((id) => ids.has(id));
}

/** The run that a command goes on with. A rebuild also after a failure: begun anew, it would take apart what its own second half has built. */
export function runToGoOnWith(
  runs: readonly RunSummary[],
  verb: Verb | DayTwoVerb,
  { fresh }: Pick<RunFlags, 'fresh'>,
): RunSummary | undefined {
  const own = runs.filter((one) => (isDayTwoVerb(verb) ? one.verb === verb : !isDayTwoVerb(one.verb)));
  return fresh === true ? undefined : resumableRun(own, verb, { failed: verb === 'rebuild' || isDayTwoVerb(verb) });
}

const isDayTwoVerb = (verb: string): verb is DayTwoVerb => verb === 'reset' || verb === 'restore';

/** Begun and not finished, these leave a cluster that a build must not judge: it would take what is stopped for what was never there. */
const disruptive: readonly string[] = ['restore-data', 'restore-verify', 'reset-machine', 'reset-node'];

/** Steps of an unfinished reset or restore that changed something already. */
export function openDayTwo({ steps, runs }: Pick<EnvironmentState, 'steps' | 'runs'>): readonly StepId[] {
  const open = (['reset', 'restore'] as const).flatMap((verb) => runToGoOnWith(runs, verb, {})?.run ?? []);
  return [...steps.values()]
    .filter(({ id, run }) => disruptive.includes(id.split('/')[0] ?? '') && open.includes(run))
    .map(({ id }) => id);
}

/** What the flags pick from a list. */
export function selectionOf({ from, until, only, skip, fresh, forget, again }: RunFlags): Selection {
  return {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(only === undefined ? {} : { only }),
    ...(skip === undefined ? {} : { skip }),
    ...(fresh === undefined ? {} : { fresh }),
    ...(forget === undefined ? {} : { forget }),
    ...(again === undefined ? {} : { again }),
  };
}
