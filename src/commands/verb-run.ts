import type { DurableEvent, ShownEvent } from '../engine/events.ts';
import type { Journal } from '../engine/journal.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { RunResult } from '../engine/run-options.ts';
import type { RunSummary } from '../engine/run-summary.ts';
import type { Host } from '../host.ts';
import type { Reporter } from '../ui/reporter.ts';
import type { Environment } from './environment.ts';
import { closeLostEpoch, isEpochLost } from './epoch.ts';
import { type DayTwoVerb, listFor, runToGoOnWith, selectionOf, type Verb } from './lists.ts';
import type { RunFlags } from './options.ts';

/** What the verbs share: lock, journal, plan, question, run. The engine is loaded here, not in cli.ts. */
export interface VerbRun {
  readonly verb: Verb | DayTwoVerb;
  readonly host: Host;
  readonly environment: Environment;
  readonly flags: RunFlags;
  readonly reporter: Reporter;
  /** Under the lock, before the journal of the run is opened. */
  before?(): Promise<void>;
  /** Refuses what the journal forbids, before anything is looked at. */
  refuse?(state: Journal['state']): Promise<void>;
  /** Shows the plan and asks; throws when the answer is no. */
  agree(plan: Plan, state: Journal['state']): Promise<void>;
}

export type VerbRunResult = { readonly plan: Plan; readonly result?: RunResult; readonly journal: Journal['state'] };

/** Runs a verb under the environment's lock: an unfinished run of the same verb goes on, else a new one begins. */
export async function runVerb(run: VerbRun): Promise<VerbRunResult> {
  const { environment, flags, verb, reporter } = run;
  const [{ acquireLock }, { openJournal, readJournals }, { foldJournals }, { refuseDamagedLedger }] = await Promise.all(
    [
      import('../engine/lock.ts'),
      import('../engine/journal.ts'),
      import('../engine/fold.ts'),
      import('../engine/ledger.ts'),
    ],
  );
  const agreed = flags.plan === undefined ? undefined : await readAgreedPlan(environment, flags.plan);
  const before = foldJournals(await readJournals(environment.journals));
  const lost = await isEpochLost(environment);
  if (!lost) await refuseDamagedLedger(environment.ledger);
  const resumed = lost ? undefined : runToGoOnWith(before.runs, verb, flags);
  const id = resumed?.run ?? newRunId(environment);
  const lock = await acquireLock(
    { folder: environment.locks, processes: environment.processes },
    {
      ...environment.host,
      environment: environment.config.environment,
      run: id,
      verb,
      created: environment.clock.now(),
    },
  );
  const emit = (event: DurableEvent | ShownEvent): void => {
    environment.observe(event);
    reporter.emit({ ...event, at: environment.clock.now(), run: id });
  };
  const say = (text: string, level: 'info' | 'warning' = 'info'): void => emit({ type: 'run.message', level, text });
  let journal: Journal | undefined;
  try {
    await closeLostEpoch(environment, reporter);
    await run.before?.();
    journal = await openJournal(environment.journals, id, environment.clock);
    if (lock.tookOver !== undefined)
      say(`took over the lock of run ${lock.tookOver.run}: its process ${lock.tookOver.pid} is dead`);
    if (resumed !== undefined) say(`going on with run ${id}, which ${howItEnded(resumed)}`);
    if (journal.repairedBytes > 0)
      say(`cut ${journal.repairedBytes} bytes of a half-written record off the journal`, 'warning');
    await run.refuse?.(journal.state);
    return await planAndRun(run, journal, emit, { resumed, agreed });
  } finally {
    await journal?.close();
    await lock.release();
  }
}

async function planAndRun(
  run: VerbRun,
  journal: Journal,
  emit: (event: DurableEvent | ShownEvent) => void,
  { resumed, agreed }: { readonly resumed: RunSummary | undefined; readonly agreed: AgreedPlan | undefined },
): Promise<VerbRunResult> {
  const { environment, flags, verb, host } = run;
  const { instances, listed } = await listFor(verb, environment.config, resumed);
  const { makePlan } = await import('../engine/plan-run.ts');
  learnIdentity(environment, journal.state);
  const abort = new AbortController();
  const signals = host.signals();
  const [toPlan, toRun] = teeSignals(signals, abort);
  const common = {
    verb,
    environment: environment.config.environment,
    instances,
    config: environment.config,
    contexts: environment.contexts,
    selection: selectionOf(flags),
    emit,
    listed,
    run: journal.run,
  };
  const plan = await makePlan({ ...common, state: journal.state, signal: toPlan });
  if (agreed !== undefined) (await import('../engine/plan-refusals.ts')).refuseStale(agreed, plan);
  await run.agree(plan, journal.state);
  // A run that was cut off and has nothing left to do still gets its end into the journal.
  if (!plan.pending && resumed === undefined) return { plan, journal: journal.state };
  const { executePlan } = await import('../engine/run.ts');
  const result = await executePlan({
    ...common,
    plan,
    journal,
    launcher: environment.launcher,
    clock: environment.clock,
    random: environment.random,
    host: environment.host,
    version: host.version,
    parallel: flags.parallel,
    failFast: flags.failFast === true,
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout * 60_000 }),
    ...(host.environment['PLATFORM_TERM_BUDGET'] === undefined
      ? {}
      : { terminationBudget: Number(host.environment['PLATFORM_TERM_BUDGET']) * 1000 }),
    signals: toRun,
  });
  return { plan, result, journal: journal.state };
}

/** Tells the environment which cluster an earlier run made, before anything looks at it. */
export function learnIdentity(environment: Environment, state: Journal['state']): void {
  const record = state.steps.get('control-plane');
  if (record?.output === undefined) return;
  environment.observe({
    type: 'step.applied',
    step: 'control-plane',
    attempt: record.attempts,
    output: record.output,
    work: 0,
  });
}

/** Until the run begins a signal aborts the looking; from then on the engine hears each one. */
function teeSignals(
  signals: AsyncIterable<'SIGINT' | 'SIGTERM'>,
  abort: AbortController,
): readonly [AbortSignal, AsyncIterable<'SIGINT' | 'SIGTERM'>] {
  const iterator = signals[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<'SIGINT' | 'SIGTERM'>> | undefined = iterator.next();
  void first.then(() => abort.abort());
  return [
    abort.signal,
    {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          const next = first ?? iterator.next();
          first = undefined;
          return next;
        },
      }),
    },
  ];
}

type AgreedPlan = Omit<Plan, 'found'>;

/** Before the lock: a file that is no plan is refused at once. */
async function readAgreedPlan(environment: Environment, file: string): Promise<AgreedPlan> {
  const { readPlanFile } = await import('./plan-file.ts');
  return readPlanFile(file, await environment.files.read(file));
}

function newRunId(environment: Environment): string {
  const stamp = new Date(environment.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-');
  const letters = Array.from(
    { length: 4 },
    () => 'abcdefghijklmnopqrstuvwxyz'[Math.floor(environment.random.next() * 26)],
  ).join('');
  return `${stamp}-${letters}`;
}

const howItEnded = ({ ended }: RunSummary): string =>
  ended === undefined ? 'ended in the middle' : ended.ending === 'failed' ? 'failed' : 'was interrupted';
