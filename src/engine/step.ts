import type { Json, Kit, Needs, Step, StepSpec } from './types.ts';

/** The ways to put a step on a list that is written against one kit. */
export interface StepBuilders<K extends Kit> {
  /** A step that every run has. */
  readonly step: <Out extends Json, const N extends Needs>(spec: StepSpec<K, Out, N>) => Step<Out>;
  /** A step that some configurations have: dependants see its output or undefined. */
  readonly stepWhen: <Out extends Json, const N extends Needs>(
    spec: StepSpec<K, Out, N> & { when(config: K['config']): boolean },
  ) => Step<Out | undefined>;
  /** One instance per key, worked side by side: dependants see a record by key. */
  readonly stepForEach: <Out extends Json, const N extends Needs>(
    spec: StepSpec<K, Out, N> & { forEach(config: K['config']): readonly string[] },
  ) => Step<Readonly<Record<string, Out>>>;
}

/** The builders for one kit. The spec is kept as it is; only its types are erased. */
export function stepsFor<K extends Kit>(): StepBuilders<K> {
  const list = (spec: StepSpec<K, never, never> & Pick<Step<never>, 'when' | 'forEach'>): Step<never> => ({
    id: spec.id,
    title: spec.title,
    needs: spec.needs,
    ...(spec.when === undefined ? {} : { when: spec.when }),
    ...(spec.forEach === undefined ? {} : { forEach: spec.forEach }),
    spec: spec as Step<never>['spec'],
  });
  return { step: list, stepWhen: list, stepForEach: list } as unknown as StepBuilders<K>;
}
