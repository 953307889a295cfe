import type { TeardownChoices } from '../config/config.ts';
import type { EnvironmentState } from '../engine/fold.ts';
import type { RunResult } from '../engine/run-options.ts';
import type { Host } from '../host.ts';
import { backupsIn, madeOfEtcd, notSavedBecause, snapshotMaker } from '../steps/teardown/backups.ts';
import { costOf } from '../steps/teardown/costs.ts';
import type { KubernetesState } from '../steps/teardown/inventory-types.ts';
import { keptBackup } from '../steps/teardown/kept.ts';
import type { TeardownPlan } from '../steps/teardown/teardown-plan.ts';
import type { Environment } from './environment.ts';
import { openTeardown } from './lists.ts';
import { lookingAt, type RemovalFlags } from './removal.ts';

interface Question {
  readonly host: Host;
  readonly environment: Environment;
  readonly flags: RemovalFlags;
  readonly known: EnvironmentState;
  /** Whether the cluster answers. */
  cluster(): Promise<KubernetesState>;
}

/**
 * Offers a snapshot of etcd while there is a cluster that has one to give, and nobody has said anything about it: asked before anything is planned, so that
 * the plan which is then agreed to shows what is saved. Where nobody can be asked, or --yes says that nobody should be, the flag is named and nothing is saved.
 */
export async function decideBackup(question: Question, choices: TeardownChoices): Promise<TeardownChoices> {
  const { host, flags } = question;
  if (choices.backup !== 'none' || flags.plan !== undefined || !(await isWorthAsking(question, choices)))
    return choices;
  const { canAsk, confirm } = await import('../ui/prompt.ts');
  if (flags.yes === true || !canAsk(host)) {
    host.stderr.write('nothing is saved before the teardown; --backup makes a snapshot of etcd first\n');
    return choices;
  }
  const yes = await confirm(host, 'Make a snapshot of etcd first?', '--backup', true);
  return yes ? { ...choices, backup: 'etcd' } : choices;
}

/** Whether a snapshot could be made, would outlive the teardown, and would show a cluster that is still whole. */
async function isWorthAsking(
  { environment, known, cluster }: Question,
  { awsOnly, deleteData, keepFoundation }: TeardownChoices,
): Promise<boolean> {
  if (awsOnly || (deleteData && !keepFoundation) || notSavedBecause(environment.config) !== undefined) return false;
  const begun = (await openTeardown(known)).filter((id) => !before.has(id));
  if (begun.length > 0) return false;
  const { ledger } = lookingAt(environment, new AbortController().signal);
  if (madeOfEtcd(await ledger.entries(), environment.clock.now()) !== undefined) return false;
  return (await cluster()).is === 'answers';
}

/** Steps that change nothing of the cluster. */
const before: ReadonlySet<string> = new Set(['destroy-inventory', 'destroy-backup', snapshotMaker]);

/** What a teardown saved of volumes, as things that stay; empty before all of it is complete. What the plan showed already is left out. */
export async function keptBackups(
  environment: Environment,
  { kept }: Pick<TeardownPlan, 'kept'>,
  result: Pick<RunResult, 'done' | 'kept'> | undefined,
): Promise<TeardownPlan['kept']> {
  if (result === undefined || ![...result.done, ...result.kept].includes(snapshotMaker)) return [];
  const { aws, clock, ledger } = lookingAt(environment, new AbortController().signal);
  const entries = await ledger.entries();
  const made = new Set(backupsIn([], { ledger: entries }, clock.now()).map(({ id }) => id));
  for (const { id } of kept) made.delete(id);
  const states = await aws.snapshots([...made]).catch(() => undefined);
  // Of one that failed, or that somebody deleted, there is a record too.
  const isThere = (id: string): boolean =>
    made.has(id) && (states?.some((one) => one.id === id && one.state === 'completed') ?? true);
  return entries.flatMap(({ kind, id, name = '', unique, step }) =>
    kind === 'snapshot' && step === snapshotMaker && isThere(id)
      ? [{ kind, id, name, because: keptBackup, cost: costOf({ kind, gigabytes: Number(unique['gigabytes']) }) }]
      : [],
  );
}
