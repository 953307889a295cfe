import { minutes } from '../durations.ts';
import { phases } from './teardown-phases.ts';
import type { TeardownProblem } from './teardown-plan.ts';

/** An earlier run, as far as its durations tell how long this one will take. Milliseconds. */
export interface PastRun {
  readonly verb: string;
  readonly durations: ReadonlyMap<string, { readonly work: number; readonly wait: number }>;
}

export interface Expectation {
  /** null: no earlier teardown tells. */
  readonly milliseconds: number | null;
  /** What it is judged by, as the end of a sentence. */
  readonly from: string;
}

/** The sum over the phases of the slowest step in each, by the median of what each step took in earlier runs. */
export function expectDuration(steps: ReadonlySet<string>, runs: readonly PastRun[]): Expectation {
  const past = runs.filter(
    ({ verb, durations }) =>
      (verb === 'destroy' || verb === 'rebuild') && [...steps].some((step) => durations.has(step)),
  );
  if (past.length === 0) return { milliseconds: null, from: 'this environment was never taken apart before' };
  const known = new Map(
    [...steps].flatMap((step) => {
      const took = past.flatMap(({ durations }) => {
        const one = durations.get(step);
        return one === undefined ? [] : [one.work + one.wait];
      });
      return took.length === 0 ? [] : [[step, median(took)] as const];
    }),
  );
  const milliseconds = phases.reduce(
    (sum, row) => sum + Math.max(0, ...row.map((step) => (steps.has(step) ? (known.get(step) ?? 0) : 0))),
    0,
  );
  const missing = steps.size - known.size;
  const from = `the median of ${past.length === 1 ? 'one earlier teardown' : `${past.length} earlier teardowns`}`;
  return {
    milliseconds,
    from: missing === 0 ? from : `${from}, without ${missing} of ${steps.size} steps that ran in none of them`,
  };
}

/** Without history: longer than a whole teardown took in the sandbox with the delays of AWS. */
const withoutHistory = minutes(20);

/** Credentials that end before the teardown does would leave it half done. `now` is the clock of AWS. */
export function judgeCredentials(
  expires: number | undefined,
  now: number,
  { milliseconds }: Expectation,
): readonly TeardownProblem[] {
  if (expires === undefined) return [];
  const left = expires - now;
  const needed = milliseconds ?? withoutHistory;
  if (left >= needed) return [];
  const inMinutes = (duration: number): string => `${Math.max(0, Math.round(duration / minutes(1)))} min`;
  return [
    {
      code: 'CREDENTIALS',
      message: `the AWS credentials end in ${inMinutes(left)}, the teardown may take ${inMinutes(needed)}`,
      next: ['renew them (aws sso login, or assume the role again), then run this again'],
    },
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
