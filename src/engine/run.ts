import { PlatformError } from '../errors.ts';
import type { LaunchedTool } from '../tools/ports-launcher.ts';
import type { Engine } from './engine.ts';
import type { DurableEvent } from './events.ts';
import { limiter } from './limiter.ts';
import { type LiveStep, newLiveStep } from './live-step.ts';
import { probeStep } from './probe-step.ts';
import { reduce } from './reduce.ts';
import { adopt, findOrphans } from './recover.ts';
import { openRun, settlePlan } from './run-begin.ts';
import { closeRun } from './run-end.ts';
import type { RunOptions, RunResult } from './run-options.ts';
import { newSchedule, type Schedule } from './schedule.ts';
import type { Command, ScheduleEvent } from './schedule-messages.ts';
import { select } from './select.ts';
import { listenToSignals } from './signals.ts';
import type { StepId } from './types.ts';
import { recordFailed, work } from './work.ts';

/**
 * Carries out a plan: the reducer decides, this driver does, and everything is on disk before the reducer hears of it.
 * Resolves when nothing works any more (or may be left to work), whatever happened. Refuses IN_DOUBT and PLAN_STALE before any work.
 */
export async function executePlan(options: RunOptions): Promise<RunResult> {
  return new Run(options, await findOrphans(options)).go();
}

export class Run {
  readonly options: RunOptions;
  readonly orphans: ReadonlyMap<StepId, readonly LaunchedTool[]>;
  readonly engine: Engine;
  readonly lives: ReadonlyMap<StepId, LiveStep>;
  readonly started: number;
  readonly failures: { step: StepId; live: LiveStep }[] = [];
  lost: PlatformError | undefined;
  signal: 'SIGINT' | 'SIGTERM' | undefined;
  timedOut = false;
  schedule: Schedule;
  readonly #over = new AbortController();
  readonly #finished = Promise.withResolvers<'done' | 'failed' | 'interrupted'>();

  constructor(options: RunOptions, orphans: ReadonlyMap<StepId, readonly LaunchedTool[]>) {
    const { instances, journal, plan } = options;
    const selected = select(options.selection, instances, journal.state);
    this.options = options;
    this.orphans = orphans;
    this.started = options.clock.monotonic();
    this.engine = {
      options,
      selected,
      outputs: new Map([...plan.found].map(([id, { output }]) => [id, output])),
      record: (event) => this.#record(event),
      show: (event) => options.emit(event),
      forgetEpoch: () => {
        for (const live of this.lives.values())
          if (live.tries === 0) Object.assign(live, newLiveStep(live.instance, undefined, 0));
      },
      ask: limiter(options.questions ?? 8),
    };
    const attempts = (id: StepId): number => journal.state.steps.get(id)?.attempts ?? 0;
    this.lives = new Map(
      instances.map((one) => [one.id, newLiveStep(one, selected.recordOf(one.id), attempts(one.id))]),
    );
    const rows = new Map(plan.rows.map((row) => [row.step, row]));
    const tasks = instances.map(({ id, key, step, needIds }) => ({
      id,
      action: rows.get(id)?.action ?? ('skip' as const),
      needs: needIds,
      locks: step.spec.locks?.(options.config, key) ?? [],
      onCancel: step.spec.onCancel,
      orphaned: orphans.has(id),
    }));
    this.schedule = newSchedule(tasks, options);
  }

  async go(): Promise<RunResult> {
    const { clock, timeout } = this.options;
    await openRun(this);
    const listening = listenToSignals(this, this.#over.signal);
    if (timeout !== undefined) void this.#stopAfter(timeout);
    this.dispatch({ type: 'start' });
    const ending = await this.#finished.promise;
    this.#over.abort('over');
    await listening;
    return closeRun(this, ending, clock.monotonic() - this.started);
  }

  /** Feeds the reducer, and starts what it commands. */
  dispatch(event: ScheduleEvent): void {
    const [schedule, commands] = reduce(this.schedule, event);
    this.schedule = schedule;
    for (const command of commands) this.#obey(command);
  }

  /** Tells whether the run ends before the time is over. */
  async within(duration: number): Promise<boolean> {
    await this.options.clock.sleep(duration, this.#over.signal);
    return this.#over.signal.aborted;
  }

  #obey(command: Command): void {
    if (command.type === 'finish') return this.#finished.resolve(command.ending);
    if (command.type === 'settle-plan') return this.#then(settlePlan(this, command));
    if (command.type === 'announce-cancel') return this.#announce(command);
    const live = this.lives.get(command.step) as LiveStep;
    switch (command.type) {
      case 'adopt':
        return this.#then(adopt(this.engine, live, this.orphans.get(command.step) ?? []), live);
      case 'work':
        return this.#then(work(this.engine, live), live);
      case 'probe':
        return this.#then(probeStep(this.engine, live), live);
      case 'sleep':
        return this.#then(this.#sleep(live, command.delay));
      case 'give-up':
        return this.#then(this.#giveUp(live), live);
      case 'skip':
        return this.#then(this.#skip(command.step, command.blockedBy));
      case 'say-waiting':
        return this.engine.show({
          type: 'step.waiting',
          step: command.step,
          because: `${command.holder} holds ${command.lock}`,
        });
      case 'interrupt':
      case 'abort':
      case 'kill':
        return this.#cut(live, command.type);
    }
  }

  /** Runs an effect; what it tells goes to the reducer, and a throw is a lost journal or our own fault. */
  #then(effect: Promise<ScheduleEvent | undefined>, live?: LiveStep): void {
    void effect.then(
      (event) => {
        if (event?.type === 'failed' && live !== undefined) this.failures.push({ step: event.step, live });
        if (event !== undefined) this.dispatch(event);
      },
      (error: unknown) => {
        if (this.lost === undefined) this.#lose(error);
        if (live !== undefined) this.dispatch({ type: 'left', step: live.instance.id });
      },
    );
  }

  async #record(event: DurableEvent): Promise<void> {
    try {
      await this.options.journal.append(event);
    } catch (error) {
      this.#lose(error);
      throw error;
    }
    this.options.emit(event);
  }

  #lose(error: unknown): void {
    if (this.lost !== undefined) return;
    this.lost =
      error instanceof PlatformError ? error : new PlatformError('BUG', { message: String(error), cause: error });
    this.dispatch({ type: 'journal-lost' });
  }

  #cut(live: LiveStep, how: 'interrupt' | 'abort' | 'kill'): void {
    const step = live.instance.id;
    const { launcher } = this.options;
    const adopting = this.schedule.nodes[this.schedule.index.get(step) ?? -1]?.phase === 'adopting';
    // Its tool hears no signal of ours but this one, and its end is still awaited: it tells how it ended.
    if (adopting && how === 'interrupt') return this.#then(launcher.signal(step, 'SIGINT').then(() => undefined));
    live.cut = how;
    // One path only: the adapter of processes hands it on as one SIGINT, and two would make Terraform drop its state.
    live.controller.abort(
      new PlatformError('INTERRUPTED', {
        message: `cancelled: ${how}`,
        next: ['type the same command again: it goes on'],
      }),
    );
    if (how !== 'kill') return;
    live.over = true;
    const interrupted = {
      type: 'step.interrupted',
      step,
      attempt: live.attempt,
      because: 'killed on request',
    } as const;
    const recorded = launcher
      .signal(step, 'SIGKILL')
      .then(() => (live.attempt > 0 ? this.engine.record(interrupted) : undefined));
    this.#then(
      recorded.then((): ScheduleEvent => ({ type: 'interrupted', step })),
      live,
    );
  }

  async #sleep(live: LiveStep, delay: number): Promise<ScheduleEvent> {
    await this.options.clock.sleep(delay, live.controller.signal);
    return { type: 'retry-due', step: live.instance.id };
  }

  async #giveUp(live: LiveStep): Promise<ScheduleEvent | undefined> {
    if (live.over) return undefined;
    live.over = true;
    live.controller.abort('given up');
    return recordFailed(this.engine, live);
  }

  async #skip(step: StepId, blockedBy: readonly StepId[]): Promise<undefined> {
    await this.engine.record({
      type: 'step.skipped',
      step,
      because: `needs ${blockedBy.join(', ')}, which failed`,
      blockedBy,
    });
  }

  #announce({ awaited }: Extract<Command, { type: 'announce-cancel' }>): void {
    const { clock } = this.options;
    const rest = awaited.map(({ step, policy }) => {
      const live = this.lives.get(step) as LiveStep;
      return policy === 'drain' ? live.startedAt + live.instance.step.spec.timeout - clock.monotonic() : 60_000;
    });
    const budget = this.signal === 'SIGTERM' ? (this.options.terminationBudget ?? 6000) : Math.max(0, ...rest);
    this.engine.show({ type: 'run.cancelling', budget: Math.round(budget), awaited });
  }

  async #stopAfter(timeout: number): Promise<void> {
    if (await this.within(timeout)) return;
    this.timedOut = true;
    this.dispatch({ type: 'cancel', level: 1 });
  }
}
