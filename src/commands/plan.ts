import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { border, isVerb, listFor, runToGoOnWith, selectionOf, verbs } from './lists.ts';
import { loadConfigurationOf } from './load.ts';
import { planFile } from './plan-file.ts';
import { choicesOf, lookAtRemoval, type RemovalFlags, refuseImpossible, screenOf, withChoices } from './removal.ts';
import { learnIdentity } from './verb-run.ts';

interface PlanFlags extends RemovalFlags {
  readonly configOnly?: boolean;
}

/** Shows what a verb would do, and why. Takes no lock and leaves nothing behind but its own output. */
export async function plan(host: Host, flags: PlanFlags, verb: string): Promise<number> {
  if (!isVerb(verb))
    throw new PlatformError('USAGE', {
      message: `there is no plan for ${verb}`,
      next: verbs.map((one) => `platform plan ${one}`),
    });
  const [{ config: loaded }, { showPlan }] = await Promise.all([
    loadConfigurationOf(host, flags),
    import('../ui/plan-view.ts'),
  ]);
  const config = verb === 'up' ? loaded : { ...loaded, teardown: choicesOf(flags, verb) };
  if (config.teardown !== undefined) refuseImpossible(config, config.teardown);
  if (flags.configOnly === true) {
    const { instances } = await listFor(verb, config);
    host.stderr.write(`platform.yaml is valid: environment ${config.environment}, ${instances.length} steps\n`);
    return 0;
  }
  const signal = abortOnSignal(host);
  const opened = await host.open(loaded, { ephemeral: true });
  const environment = config.teardown === undefined ? opened : withChoices(opened, config.teardown);
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
    const { instances, listed } = await listFor(verb, config, runToGoOnWith(state.runs, verb, flags));
    const made = await makePlan({
      verb,
      environment: config.environment,
      instances,
      config: environment.config,
      state,
      contexts: environment.contexts,
      selection: selectionOf(flags),
      signal,
      emit: () => undefined,
      listed,
    });
    const removes = made.rows.some(({ step }) => step === border);
    const removal = removes ? await lookAtRemoval(environment, state, signal) : undefined;
    const document = planFile(made, removal);
    if (flags.out !== undefined) await environment.files.write(flags.out, document);
    if (flags.json === true) host.stdout.write(document);
    else {
      if (removal !== undefined && verb !== 'up') {
        const { showTeardownPlan } = await import('../ui/teardown-view.ts');
        showTeardownPlan(removal, host, { ...screenOf(environment, flags, verb), dryRun: true });
      }
      showPlan(made, host, flags);
    }
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
