import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { openDayTwo, openTeardown } from './lists.ts';
import { runVerb } from './verb-run.ts';
import { provenEndpoints } from './endpoints.ts';
import { loadConfigurationOf } from './load.ts';
import type { RunFlags } from './options.ts';

/** Builds what is missing. Exit 0 also when nothing was to be done. */
export async function up(host: Host, flags: RunFlags): Promise<number> {
  const [{ config }, { openReporter }, { showPlan }, { showResult }, { confirm, declined }] = await Promise.all([
    loadConfigurationOf(host, flags),
    import('../ui/reporter.ts'),
    import('../ui/plan-view.ts'),
    import('../ui/result-view.ts'),
    import('../ui/prompt.ts'),
  ]);
  const environment = await host.open(config);
  const reporter = await openReporter(
    host,
    { ...flags, title: `up ${config.environment}`, files: environment.files },
    environment.clock,
  );
  try {
    const { plan, result } = await runVerb({
      verb: 'up',
      host,
      environment,
      flags,
      reporter,
      refuse: async (state) => {
        refuseHalfTeardown(await openTeardown(state), config.environment);
        refuseHalfDayTwo(openDayTwo(state), config.environment, flags.forget);
      },
      agree: async (plan) => {
        if (plan.problems.length > 0 && plan.problems[0] !== undefined) throw problemOf(plan.problems[0]);
        if (!plan.pending) return;
        reporter.pause();
        if (flags.json !== true) showPlan(plan, host, flags);
        if (flags.yes === true || flags.plan !== undefined || config.target === 'sandbox') return;
        if (!(await confirm(host, `Apply this to ${config.environment}?`, '--yes'))) throw declined();
      },
    });
    await reporter.close();
    const endpoints = provenEndpoints(config, plan, result);
    showResult({ plan, config, endpoints, ...(result === undefined ? {} : { result }) }, host, flags);
    return result?.exitCode ?? 0;
  } finally {
    await reporter.close();
    await environment.close();
  }
}

/** A cluster that is half taken apart is never built upon: what the teardown blocked stays blocked until it is abandoned. */
export function refuseHalfTeardown(open: readonly string[], environment: string): void {
  if (open.length === 0) return;
  throw new PlatformError('UNFINISHED_VERB', {
    message: `a teardown of ${environment} was begun and not finished (${open.length} steps are recorded, up to ${open.at(-1) ?? ''})`,
    next: [
      `platform destroy --cleanup --env ${environment}     finishes it`,
      `platform rebuild --env ${environment}               finishes it and builds again`,
      `platform settle --abandon destroy --env ${environment}   leaves what stands, and unblocks the cluster`,
    ],
    facts: { steps: open.join(',') },
  });
}

/** A machine that is half reset, or an etcd that is half restored, is finished first: by the command that began it. */
export function refuseHalfDayTwo(
  open: readonly string[],
  environment: string,
  forgotten: readonly string[] = [],
): void {
  const left = open.filter((id) => !forgotten.includes(id));
  const [first] = left;
  if (first === undefined) return;
  const [step = '', key = ''] = first.split('/');
  const command = step.startsWith('restore') ? `platform restore ${key}` : `platform node reset ${key}`;
  throw new PlatformError('UNFINISHED_VERB', {
    message: `${command} was begun in ${environment} and not finished (${left.join(', ')})`,
    next: [
      `${command} --env ${environment}     goes on with it`,
      `if it is settled otherwise: platform up --env ${environment} ${left.map((id) => `--forget ${id}`).join(' ')}`,
    ],
    facts: { steps: left.join(',') },
  });
}

export function problemOf({
  step,
  failure,
}: {
  step: string;
  failure: { code: string; message: string; next: readonly string[] };
}): PlatformError {
  return new PlatformError(failure.code as PlatformError['code'], {
    message: `while looking at ${step}: ${failure.message}`,
    next: failure.next,
  });
}
