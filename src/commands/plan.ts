import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { learnIdentity, listOf } from './verb-run.ts';
import { loadConfigurationOf } from './load.ts';
import type { RunFlags } from './options.ts';
import { planFile } from './plan-file.ts';

interface PlanFlags extends RunFlags {
  readonly exitCode?: boolean;
  readonly out?: string;
  readonly configOnly?: boolean;
}

/** Shows what a verb would do, and why. Takes no lock and leaves nothing behind but its own output. */
export async function plan(host: Host, flags: PlanFlags, verb: string): Promise<number> {
  if (verb !== 'up')
    throw new PlatformError('USAGE', { message: `there is no plan for ${verb}`, next: ['platform plan up'] });
  const [{ config }, { showPlan }] = await Promise.all([
    loadConfigurationOf(host, flags),
    import('../ui/plan-view.ts'),
  ]);
  const { instances, selection, steps } = await listOf({ config }, flags);
  if (flags.configOnly === true) {
    host.stderr.write(`platform.yaml is valid: environment ${config.environment}, ${instances.length} steps\n`);
    return 0;
  }
  const signal = abortOnSignal(host);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const [{ makePlan }, { readJournals }, { foldJournals }, { refuseDamagedLedger }] = await Promise.all([
      import('../engine/plan-run.ts'),
      import('../engine/journal.ts'),
      import('../engine/fold.ts'),
      import('../engine/ledger.ts'),
    ]);
    await refuseDamagedLedger(environment.ledger);
    const state = foldJournals(await readJournals(environment.journals));
    learnIdentity(environment, state);
    const made = await makePlan({
      verb,
      environment: config.environment,
      instances,
      config: environment.config,
      state,
      contexts: environment.contexts,
      selection,
      signal,
      emit: () => undefined,
      listed: steps.map(({ id }) => id),
    });
    if (flags.out !== undefined) await environment.files.write(flags.out, planFile(made));
    if (flags.json === true) host.stdout.write(planFile(made));
    else showPlan(made, host, flags);
    const [problem] = made.problems;
    if (problem !== undefined)
      throw new PlatformError(problem.failure.code as PlatformError['code'], {
        message: `while looking at ${problem.step}: ${problem.failure.message}`,
        next: problem.failure.next,
      });
    return flags.exitCode === true && made.pending ? 7 : 0;
  } finally {
    await environment.close();
  }
}
