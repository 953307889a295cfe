import { PlatformError } from '../../src/errors.ts';
import type { Contexts } from '../../src/engine/contexts.ts';
import type { DurableEvent, ShownEvent } from '../../src/engine/events.ts';
import { foldJournals } from '../../src/engine/fold.ts';
import type { Instance } from '../../src/engine/graph.ts';
import { openJournal } from '../../src/engine/journal.ts';
import { makePlan, type Plan } from '../../src/engine/plan-run.ts';
import { executePlan } from '../../src/engine/run.ts';
import type { RunOptions, RunResult } from '../../src/engine/run-options.ts';
import type { Selection } from '../../src/engine/select.ts';
import type { StepScope } from '../../src/engine/types.ts';
import { MemoryJournals } from './memory-journal.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedTools } from './simulated-tools.ts';

export interface RunSettings
  extends Partial<
    Pick<RunOptions, 'parallel' | 'failFast' | 'timeout' | 'questions' | 'terminationBudget' | 'listed'>
  > {
  readonly instances: readonly Instance[];
  readonly config?: object;
  readonly selection?: Selection;
  readonly run?: string;
  readonly verb?: string;
  /** Milliseconds of world time at which a signal arrives. */
  readonly signals?: readonly { readonly at: number; readonly signal: 'SIGINT' | 'SIGTERM' }[];
  /** Looks at each plan before it is carried out. */
  onPlan?(plan: Plan): void;
}

/** A world in memory: one clock, one disk, tools that outlive whoever started them, and one process of ours after another. */
export class SimulatedWorld {
  readonly clock = new SimulatedClock();
  readonly journals = new MemoryJournals();
  readonly tools = new SimulatedTools(this.clock);
  readonly events: (DurableEvent | ShownEvent)[] = [];
  /** Overrides the worlds that steps see. */
  contexts: Contexts = {
    read: (scope) => ({ ...scope, tools: this.tools }),
    write: (scope, processes) => ({ ...scope, tools: this.tools, processes }),
  };

  state(): ReturnType<typeof foldJournals> {
    return foldJournals(this.journals.texts());
  }

  plan(settings: RunSettings): Promise<Plan> {
    return makePlan({ ...this.#common(settings), state: this.state(), signal: new AbortController().signal });
  }

  /** One process: opens the journal, plans, runs, ends. */
  async start(settings: RunSettings): Promise<RunResult> {
    const journal = await openJournal(this.journals, settings.run ?? 'run-1', this.clock);
    const common = this.#common(settings);
    const plan = await makePlan({ ...common, state: journal.state, signal: new AbortController().signal });
    settings.onPlan?.(plan);
    const result = await executePlan({
      ...common,
      plan,
      journal,
      launcher: this.tools.launcher(),
      clock: this.clock,
      random: { next: () => 0.5 },
      host: { pid: 1, startTime: '1', bootId: 'boot', pidNamespace: '', host: 'here', user: 'me' },
      version: '0.0.0',
      parallel: settings.parallel ?? 4,
      failFast: settings.failFast ?? false,
      signals: this.#signals(settings.signals ?? []),
      ...(settings.timeout === undefined ? {} : { timeout: settings.timeout }),
      ...(settings.terminationBudget === undefined ? {} : { terminationBudget: settings.terminationBudget }),
    });
    await journal.close();
    return result;
  }

  /** The same, with time passing. */
  run(settings: RunSettings): Promise<RunResult> {
    return this.clock.drive(this.start(settings));
  }

  /** Starts a process that is killed when a batch of records passes the n-th fault point; undefined when it was not. */
  async crash(settings: RunSettings, at: number, tear?: (batch: string) => string): Promise<RunResult | undefined> {
    const crashed = Promise.withResolvers<undefined>();
    let count = 0;
    this.journals.fault = async (point, _, text) => {
      count += 1;
      if (count < at) return;
      const file = settings.run ?? 'run-1';
      const written = this.journals.files.get(file) ?? '';
      if (tear !== undefined && point === 'after-write')
        this.journals.files.set(file, written.slice(0, -text.length) + tear(text));
      this.tools.abandon();
      this.journals.abandon();
      crashed.resolve(undefined);
      await new Promise(() => undefined);
    };
    const result = await this.clock.drive(Promise.race([this.start(settings), crashed.promise]));
    this.journals.fault = async () => undefined;
    return result;
  }

  /** Starts a process that is killed after some milliseconds of world time; its tools go on. */
  async kill(settings: RunSettings, after: number): Promise<void> {
    const killed = Promise.withResolvers<void>();
    this.clock.at(this.clock.monotonic() + after, () => {
      this.tools.abandon();
      this.journals.abandon();
      killed.resolve();
    });
    await this.clock.drive(Promise.race([this.start(settings), killed.promise]));
  }

  #common(settings: RunSettings) {
    return {
      verb: settings.verb ?? 'up',
      environment: 'test',
      instances: settings.instances,
      config: settings.config ?? {},
      contexts: this.contexts,
      selection: settings.selection ?? {},
      emit: (event: DurableEvent | ShownEvent) => void this.events.push(event),
      ...(settings.listed === undefined ? {} : { listed: settings.listed }),
    };
  }

  async *#signals(planned: NonNullable<RunSettings['signals']>): AsyncGenerator<'SIGINT' | 'SIGTERM'> {
    for (const { at, signal } of planned) {
      await this.clock.sleep(at - this.clock.monotonic());
      yield signal;
    }
    await new Promise(() => undefined);
  }
}

/** An error of each class. */
export function failing(kind: 'permanent' | 'transient' | 'throttled', scope: Pick<StepScope, 'step'>): PlatformError {
  return new PlatformError('TOOL_FAILED', { message: `${scope.step} broke`, class: kind });
}
