import type { Audit } from '../engine/types.ts';
import { isPlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { StepContext } from '../steps/kit.ts';
import type { Environment } from './environment.ts';
import { border, openTeardown } from './lists.ts';
import { lookingAt } from './removal.ts';
import { learnIdentity } from './verb-run.ts';

/**
 * Leaves a teardown where it stands: the cluster may make load balancers and volumes again, its applications are synchronised again, and `up` builds
 * upon what is left. What was deleted stays deleted. Under the lock.
 */
export async function abandonTeardown(host: Host, environment: Environment, run: string): Promise<number> {
  const { openJournal } = await import('../engine/journal.ts');
  const say = (text: string): void => host.stderr.write(`${text}\n`);
  const { config } = environment;
  const journal = await openJournal(environment.journals, run, environment.clock);
  try {
    learnIdentity(environment, journal.state);
    const open = await openTeardown(journal.state);
    const unblocked = await unblock(environment, run, (entry) =>
      journal.append({ type: 'step.audit', step: open[0] ?? border, attempt: 0, ...entry }),
    );
    if (open.length > 0) await noteAbandonment(environment, run);
    for (const id of open)
      await journal.append({ type: 'step.forgotten', step: id, because: 'asked for by platform settle --abandon' });
    const name = config.environment;
    say(open.length === 0 ? `no teardown of ${name} is open` : `the teardown of ${name} is abandoned`);
    if (unblocked !== undefined) {
      say(`the cluster was not unblocked, because it does not answer: ${unblocked}`);
      say('Next: when it answers again, type the same command once more');
      return 11;
    }
    say(`the cluster may make what it likes again\nNext: platform up --env ${name} builds what is missing`);
    return 0;
  } finally {
    await journal.close();
  }
}

/** What the teardown saved is of a moment before people went on working: a later one saves anew. */
async function noteAbandonment(environment: Environment, run: string): Promise<void> {
  const { abandonment } = await import('../steps/teardown/backups.ts');
  const { ledger } = writing(environment, run, async () => undefined);
  await ledger.record([abandonment(run, environment.clock.now())]);
}

function writing(environment: Environment, run: string, audit: (entry: Audit) => Promise<void>): StepContext {
  const scope = { ...lookingAt(environment, new AbortController().signal), run, audit };
  const processes = environment.launcher.processesFor({
    run,
    step: border,
    attempt: 0,
    spawned: async () => undefined,
  });
  return environment.contexts.write(scope, processes) as StepContext;
}

/** The reason why the cluster could not be unblocked; undefined when it was. */
async function unblock(
  environment: Environment,
  run: string,
  audit: (entry: Audit) => Promise<void>,
): Promise<string | undefined> {
  const { unlockCluster } = await import('../steps/teardown/unlock-cluster.ts');
  try {
    await unlockCluster(writing(environment, run, audit));
    return undefined;
  } catch (error) {
    if (isPlatformError(error) && error.code === 'UNREACHABLE') return error.message;
    throw error;
  }
}
