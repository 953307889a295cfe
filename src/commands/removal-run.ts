import { PlatformError } from '../errors.ts';
import type { PlatformConfig, TeardownChoices } from '../config/config.ts';
import type { EnvironmentState } from '../engine/fold.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { Host } from '../host.ts';
import type { TeardownPlan } from '../steps/teardown/teardown-plan.ts';
import type { WriteWorld } from '../tools/ports.ts';
import type { Reporter } from '../ui/reporter.ts';
import { decideBackup, keptBackups } from './backup.ts';
import type { Environment } from './environment.ts';
import { border, isPastBorder, openTeardown, runToGoOnWith } from './lists.ts';
import { loadConfigurationOf } from './load.ts';
import { refuseGrown } from './plan-file.ts';
import {
  askedOnce,
  choicesOf,
  decideAwsOnly,
  lookAtRemoval,
  type RemovalFlags,
  refuseImpossible,
  refuseProtected,
  screenOf,
  withChoices,
} from './removal.ts';
import { problemOf } from './up.ts';
import { learnIdentity, runVerb } from './verb-run.ts';

/**
 * `destroy` and `rebuild`: looks, shows what goes, what stays and why, asks for the environment's name, and runs. Nothing is changed before the
 * answer but what an earlier run left in doubt, which is brought to rest.
 */
export async function runRemoval(host: Host, flags: RemovalFlags, verb: 'destroy' | 'rebuild'): Promise<number> {
  if (flags.dryRun === true) return (await import('./plan.ts')).plan(host, flags, verb);
  const chosen = choicesOf(flags, verb);
  const [{ config }, { openReporter }, { showTeardownPlan }, { showRemoval }, { confirmByName }] = await Promise.all([
    loadConfigurationOf(host, flags),
    import('../ui/reporter.ts'),
    import('../ui/teardown-view.ts'),
    import('../ui/removal-view.ts'),
    import('../ui/prompt.ts'),
  ]);
  refuseImpossible(config, chosen);
  const opened = await host.open(config);
  const title = `${verb} ${config.environment}`;
  const reporter = await openReporter(host, { ...flags, title, files: opened.files }, opened.clock);
  try {
    refuseProtected(opened, flags);
    const known = await stateOf(opened);
    learnIdentity(opened, known);
    const goesOn = runToGoOnWith(known.runs, verb, flags);
    const isBuilding = goesOn !== undefined && isPastBorder(goesOn);
    const choices = isBuilding ? chosen : await decide({ host, environment: opened, flags, known }, chosen);
    const environment = withChoices(opened, choices);
    let removal: TeardownPlan | undefined;
    const { plan, result } = await runVerb({
      verb,
      host,
      environment,
      flags,
      reporter,
      before: () => bringToRest(host, isBuilding ? opened : importingNothing(opened), flags, known, !isBuilding),
      agree: async (plan, state) => {
        if (plan.problems[0] !== undefined) throw problemOf(plan.problems[0]);
        if (!plan.pending) return;
        if (!plan.rows.some(({ step }) => step === border)) return agreeToBuild(host, flags, plan, config, reporter);
        removal = await lookAtRemoval(environment, state, new AbortController().signal);
        reporter.pause();
        if (flags.json !== true) showTeardownPlan(removal, host, screenOf(environment, flags, verb));
        refuseProblemsOf(removal);
        if (flags.plan !== undefined) refuseGrown(flags.plan, await environment.files.read(flags.plan), removal);
        if (flags.yes === true || flags.plan !== undefined) return;
        await confirmByName(host, `Remove ${config.environment}?`, config.environment, '--yes');
      },
    });
    await reporter.close();
    const ended = removal && {
      ...removal,
      kept: [...removal.kept, ...(await keptBackups(environment, removal, result))],
    };
    showRemoval({ verb, plan, config, ...(ended && { removal: ended }), ...(result && { result }) }, host, flags);
    return result?.exitCode ?? 0;
  } finally {
    await reporter.close();
    await opened.close();
  }
}

/** What only a person can say: whether to go on without the cluster, and whether to save it first. */
async function decide(
  question: Omit<Parameters<typeof decideBackup>[0], 'cluster'>,
  chosen: TeardownChoices,
): Promise<TeardownChoices> {
  const cluster = askedOnce(question.environment);
  return decideBackup({ ...question, cluster }, await decideAwsOnly(question.host, chosen, cluster));
}

/** Beyond the border a rebuild is a build like any other. */
async function agreeToBuild(
  host: Host,
  flags: RemovalFlags,
  plan: Plan,
  { environment, target }: PlatformConfig,
  reporter: Reporter,
): Promise<void> {
  const [{ showPlan }, { confirm, declined }] = await Promise.all([
    import('../ui/plan-view.ts'),
    import('../ui/prompt.ts'),
  ]);
  reporter.pause();
  if (flags.json !== true) showPlan(plan, host, flags);
  if (flags.yes === true || flags.plan !== undefined || target === 'sandbox') return;
  const question = `The old cluster is gone. Go on with building ${environment}?`;
  if (!(await confirm(host, question, '--yes'))) throw declined();
}

/** What would make the teardown fail halfway is said before it begins. */
function refuseProblemsOf({ problems }: TeardownPlan): void {
  const [problem] = problems;
  if (problem === undefined) return;
  throw new PlatformError(problem.code, { message: problem.message, next: problem.next });
}

/**
 * A build that was cut off may have tools at work and locks left: they are adopted and settled first, so that nothing is made while it is unmade. What a
 * teardown left in doubt is settled by its own run.
 */
async function bringToRest(
  host: Host,
  environment: Environment,
  flags: RemovalFlags,
  state: EnvironmentState,
  keepDoubt: boolean,
): Promise<void> {
  const leave = new Set(await openTeardown(state));
  const doubtful = [...state.steps.values()].filter((one) => one.state === 'in-doubt' || one.state === 'interrupted');
  if (doubtful.every(({ id }) => leave.has(id))) return;
  const { settleDoubtful } = await import('./settle-doubtful.ts');
  const id = `settle-${new Date(environment.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}`;
  await settleDoubtful(host, environment, flags, id, { keepDoubt, leave });
}

/**
 * What a cut build made and Terraform did not write down is left to the inventory, which asks whose it is; a build takes it into the state by its tags.
 * That would change the account before anybody said yes (a key pair is made anew), and could take in what is a namesake's. So the doubt stays on
 * record, and an `up` that comes after a declined teardown still settles it.
 */
function importingNothing(environment: Environment): Environment {
  const { contexts } = environment;
  return {
    ...environment,
    contexts: {
      ...contexts,
      write: (scope, processes) => {
        const world = contexts.write(scope, processes) as WriteWorld;
        return { ...world, aws: { ...world.aws, owned: async () => [] } };
      },
    },
  };
}

async function stateOf({ journals }: Environment): Promise<EnvironmentState> {
  const [{ readJournals }, { foldJournals }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/fold.ts'),
  ]);
  return foldJournals(await readJournals(journals));
}
