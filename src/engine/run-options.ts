import type { Clock, Randomness } from '../tools/ports.ts';
import type { HostFacts } from '../tools/ports-engine.ts';
import type { Launcher } from '../tools/ports-launcher.ts';
import type { CriticalPath, Timing } from './critical-path.ts';
import type { Failure } from './events.ts';
import type { Journal } from './journal.ts';
import type { Plan, PlanOptions } from './plan-run.ts';
import type { StepId } from './types.ts';

export interface RunOptions extends Omit<PlanOptions, 'signal' | 'state' | 'run'> {
  /** Made in this process from the state of this journal. */
  readonly plan: Plan;
  readonly journal: Journal;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly host: HostFacts;
  /** Of platform. */
  readonly version: string;
  /** Steps that work at a time. */
  readonly parallel: number;
  /** Probes asked at a time (default 8); being probed takes no slot. */
  readonly questions?: number;
  readonly failFast: boolean;
  /** Milliseconds after which nothing new starts. */
  readonly timeout?: number;
  /** Milliseconds from SIGTERM to the end, whatever still works (default 6000). */
  readonly terminationBudget?: number;
  readonly signals: AsyncIterable<'SIGINT' | 'SIGTERM'>;
}

export interface RunResult {
  readonly run: string;
  readonly ending: 'done' | 'failed' | 'interrupted';
  readonly exitCode: number;
  /** In the order in which they happened. */
  readonly failures: readonly { readonly step: StepId; readonly failure: Failure }[];
  readonly done: readonly StepId[];
  readonly kept: readonly StepId[];
  readonly skipped: readonly StepId[];
  /** Not tried, or cut off: the next run goes on with them. */
  readonly open: readonly StepId[];
  /** Milliseconds. */
  readonly wall: number;
  /** What each step took in this run, in topological order; nothing for what was kept or left out. */
  readonly timings: readonly Timing[];
  readonly criticalPath: CriticalPath;
}
