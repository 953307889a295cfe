import type { PlatformConfig, TeardownChoices } from '../config/config.ts';
import { PlatformError } from '../errors.ts';
import type { EnvironmentState } from '../engine/fold.ts';
import type { Host } from '../host.ts';
import type { ReadContext } from '../steps/kit.ts';
import { refuseLostBackup } from '../steps/teardown/backups.ts';
import type { KubernetesState } from '../steps/teardown/inventory-types.ts';
import type { TeardownPlan } from '../steps/teardown/teardown-plan.ts';
import type { Environment } from './environment.ts';
import type { RunFlags } from './options.ts';

/** Flags of everything that removes. */
export interface RemovalFlags extends RunFlags {
  readonly cleanup?: boolean;
  readonly dryRun?: boolean;
  readonly keep?: 'foundation';
  readonly deleteData?: boolean;
  readonly awsOnly?: boolean;
  readonly forceFinalizers?: boolean;
  readonly backup?: 'etcd' | 'volumes';
  readonly exitCode?: boolean;
  readonly out?: string;
}

/** What the flags say; USAGE where they contradict each other. */
export function choicesOf(flags: RemovalFlags, verb: 'destroy' | 'rebuild'): TeardownChoices {
  const choices: TeardownChoices = {
    cleanup: verb === 'rebuild' || flags.cleanup === true,
    keepFoundation: flags.keep === 'foundation',
    deleteData: flags.deleteData === true,
    awsOnly: flags.awsOnly === true,
    forceFinalizers: flags.forceFinalizers === true,
    backup: flags.backup ?? 'none',
    rebuild: verb === 'rebuild',
  };
  refuseLostBackup(choices);
  return choices;
}

/** USAGE where a flag asks for what cannot be done in this environment: said before anything is looked at, and never left out in silence. */
export function refuseImpossible({ terraform }: Pick<PlatformConfig, 'terraform'>, choices: TeardownChoices): void {
  if (!choices.keepFoundation || terraform.dir === undefined) return;
  throw new PlatformError('USAGE', {
    message: `--keep foundation: your own tree (${terraform.dir}) is one root, of which nobody can say what its foundation is`,
    next: [
      'leave --keep out: all that the state of your tree holds goes',
      'or take what is to stay out of that state first: terraform state rm ADDRESS',
    ],
  });
}

/** The same environment, in which every step sees what the person chose. */
export function withChoices(environment: Environment, teardown: TeardownChoices): Environment {
  const config = { ...environment.config, teardown };
  return {
    ...environment,
    config,
    contexts: {
      read: (scope) => ({ ...environment.contexts.read(scope), config }),
      write: (scope, processes) => ({ ...environment.contexts.write(scope, processes), config }),
    },
  };
}

/** Asks once whether the cluster answers, however many want to know. */
export function askedOnce(environment: Environment): () => Promise<KubernetesState> {
  let asked: Promise<KubernetesState> | undefined;
  return () => (asked ??= observe(environment));
}

async function observe(environment: Environment): Promise<KubernetesState> {
  const { observeCluster } = await import('../steps/teardown/recent-look.ts');
  return observeCluster(lookingAt(environment, new AbortController().signal));
}

/**
 * Decides, before anything is planned, whether the cluster takes part. One that was made and does not answer is left out only when a person says so:
 * what lives in it is then found by tags alone.
 */
export async function decideAwsOnly(
  host: Host,
  choices: TeardownChoices,
  cluster: () => Promise<KubernetesState>,
): Promise<TeardownChoices> {
  if (choices.awsOnly || !choices.cleanup) return choices;
  const [{ canAsk, confirm, declined }, { paragraph }] = await Promise.all([
    import('../ui/prompt.ts'),
    import('../ui/screen-lines.ts'),
  ]);
  const state = await cluster();
  if (state.is !== 'unreachable') return choices;
  const because = `the Kubernetes API does not answer (${state.because})`;
  const question = 'Leave it out, and take apart by AWS tags alone?';
  if (!canAsk(host))
    throw new PlatformError('NEEDS_YES', {
      message: `${because}; take apart by AWS tags alone?`,
      next: [
        'bring the API back: the cluster takes its own load balancers and volumes away best',
        'or leave it out: --aws-only',
      ],
    });
  // On lines of its own: a question is broken anywhere when it is longer than the screen is wide.
  host.stderr.write(`${paragraph(because, 0, host.stderr.columns || 80).join('\n')}\n`);
  if (!(await confirm(host, question, '--aws-only'))) throw declined();
  return { ...choices, awsOnly: true };
}

/** Protected environments go only when their name is given as well, whoever sits there. */
export function refuseProtected({ config }: Environment, { confirm }: RemovalFlags): void {
  if (!config.protected || confirm === config.environment) return;
  throw new PlatformError('FOREIGN', {
    message: `${config.environment} is protected${confirm === undefined ? '' : `, and --confirm names ${confirm}`}`,
    next: [`if you mean it: --confirm ${config.environment}`],
  });
}

/** Everything that is there now, and what would become of it. Read-only. */
export async function lookAtRemoval(
  environment: Environment,
  { runs }: EnvironmentState,
  signal: AbortSignal,
): Promise<TeardownPlan> {
  const [{ recentInventory }, { makeTeardownPlan }] = await Promise.all([
    import('../steps/teardown/recent-look.ts'),
    import('../steps/teardown/teardown-plan.ts'),
  ]);
  const ctx = lookingAt(environment, signal);
  return makeTeardownPlan(await recentInventory(ctx), ctx, runs);
}

/** A world to look at outside any run. */
export function lookingAt({ config, look }: Environment, signal: AbortSignal): ReadContext {
  const scope = { run: '', step: '', key: '', attempt: 0, signal, note: () => undefined };
  return { ...look(signal), ...scope, config };
}

/** What the screens of a removal say beside the plan; the command as it was typed, so that it can be typed again. */
export function screenOf({ config }: Environment, flags: RemovalFlags, verb: 'destroy' | 'rebuild') {
  const typed = [
    verb,
    flags.cleanup === true && verb === 'destroy' ? '--cleanup' : '',
    flags.keep === undefined ? '' : `--keep ${flags.keep}`,
    flags.deleteData === true ? '--delete-data' : '',
    flags.awsOnly === true ? '--aws-only' : '',
    flags.forceFinalizers === true ? '--force-finalizers' : '',
    ...{ none: [], etcd: ['--backup'], volumes: ['--backup volumes'] }[config.teardown?.backup ?? 'none'],
  ];
  return {
    color: flags.color,
    region: config.region,
    sandbox: config.target === 'sandbox',
    protected: config.protected,
    command: typed.filter((word) => word !== '').join(' '),
    dryRun: flags.dryRun === true,
  };
}
