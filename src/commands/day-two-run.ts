import type { DayTwoChoices } from '../config/config.ts';
import type { EnvironmentState } from '../engine/fold.ts';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { RunResult } from '../engine/run-options.ts';
import type { Environment } from './environment.ts';
import { type DayTwoVerb, openTeardown, runToGoOnWith } from './lists.ts';
import type { RunFlags } from './options.ts';
import { problemOf, refuseHalfTeardown } from './up.ts';
import { runVerb } from './verb-run.ts';

/** One reset or one restore, as a run that goes on where it was cut off. */
export interface DayTwoRun {
  readonly host: Host;
  readonly environment: Environment;
  readonly flags: RunFlags;
  readonly verb: DayTwoVerb;
  /** The node or snapshot: the key of every step. */
  readonly key: string;
  readonly choices: DayTwoChoices;
  /** What is done and what is kept, one line each: said before the question. */
  readonly says: readonly string[];
  readonly question: string;
  /** What must be typed to say yes. */
  readonly word: string;
}

/** The key of a run of this verb that was cut off or failed; undefined where there is none, or where --fresh begins anew. */
export function unfinishedKey(
  state: EnvironmentState,
  verb: DayTwoVerb,
  flags: Pick<RunFlags, 'fresh'>,
): string | undefined {
  const run = runToGoOnWith(state.runs, verb, flags)?.run;
  if (run === undefined) return undefined;
  const prefix = new RegExp(`^${verb}-[a-z]+/(.+)$`);
  return [...state.steps.values()].flatMap((one) => (one.run === run ? (prefix.exec(one.id)?.[1] ?? []) : []))[0];
}

/** Shows what will be done, asks for the word, and runs. An unfinished run of the same key goes on; one of another key is named. */
export async function runDayTwo(options: DayTwoRun): Promise<RunResult | undefined> {
  const { host, environment, flags, verb, key, choices, says, question, word } = options;
  const [{ openReporter }, { showPlan }, { showResult }, { confirmByName }] = await Promise.all([
    import('../ui/reporter.ts'),
    import('../ui/plan-view.ts'),
    import('../ui/result-view.ts'),
    import('../ui/prompt.ts'),
  ]);
  const config = { ...environment.config, dayTwo: choices };
  const working = withChoices(environment, config);
  const title = `${verb} ${key}`;
  const reporter = await openReporter(host, { ...flags, title, files: environment.files }, environment.clock);
  try {
    const { plan, result } = await runVerb({
      verb,
      host,
      environment: working,
      flags,
      reporter,
      refuse: async (state) => {
        refuseHalfTeardown(await openTeardown(state), config.environment);
        refuseOther(state, options);
      },
      agree: async (plan) => {
        if (plan.problems[0] !== undefined) throw problemOf(plan.problems[0]);
        if (!plan.pending) return;
        reporter.pause();
        if (flags.json !== true) {
          showPlan(plan, host, flags);
          host.stderr.write(`\n${says.join('\n')}\n`);
        }
        if (flags.yes !== true) await confirmByName(host, question, word, '--yes');
      },
    });
    await reporter.close();
    showResult({ plan, config, endpoints: [], ...(result === undefined ? {} : { result }) }, host, flags);
    return result;
  } finally {
    await reporter.close();
  }
}

/** The steps read what was chosen in their configuration; the worlds that they are given must hold it too. */
function withChoices(environment: Environment, config: Environment['config']): Environment {
  const { contexts } = environment;
  return {
    ...environment,
    config,
    contexts: {
      read: (scope) => ({ ...contexts.read(scope), config }),
      write: (scope, processes) => ({ ...contexts.write(scope, processes), config }),
    },
  };
}

function refuseOther(state: EnvironmentState, { verb, key, flags, environment }: DayTwoRun): void {
  const other = unfinishedKey(state, verb, flags);
  if (other === undefined || other === key) return;
  const command = verb === 'reset' ? 'platform node reset' : 'platform restore';
  throw new PlatformError('UNFINISHED_VERB', {
    message: `${command} ${other} was begun in ${environment.config.environment} and not finished`,
    next: [
      `${command} ${other}     goes on with it`,
      `${command} ${key} --fresh     leaves it as it is, and begins this`,
    ],
    facts: { unfinished: other },
  });
}

/** A run that begins, and does not go on, knows nothing of earlier ones: their records are dropped. */
export function forgetEarlier(state: EnvironmentState, verb: DayTwoVerb, flags: RunFlags): RunFlags {
  if (runToGoOnWith(state.runs, verb, flags) !== undefined) return flags;
  const earlier = [...state.steps.keys()].filter((id) => id.startsWith(`${verb}-`));
  return { ...flags, forget: [...(flags.forget ?? []), ...earlier] };
}
