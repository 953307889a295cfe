import type { Json, StepId } from './types.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly next: readonly string[];
  readonly class: 'permanent' | 'transient' | 'throttled';
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** What the plan says about one step instance. */
export type Action =
  /** Nothing to do. */
  | 'keep'
  /** Work. */
  | 'run'
  /** Applied earlier, readiness not yet proven: straight to the probes. */
  | 'probe'
  /** Cannot be known before the steps in `after` are done. */
  | 'known-after'
  /** A person must say. */
  | 'ask'
  /** Left out by a flag. */
  | 'skip';

export interface PlanRow {
  readonly step: StepId;
  readonly title: string;
  readonly action: Action;
  readonly because: string;
  readonly needs: readonly StepId[];
  readonly after?: readonly StepId[];
  readonly preview?: readonly string[];
}

/**
 * What happens in a run, as data. Codes (`type`) and payloads are API; texts are not.
 * `durable` events are records of the journal and are on disk before the run goes on; the others are only shown.
 */
export type DurableEvent =
  | {
      type: 'run.created';
      verb: string;
      environment: string;
      version: string;
      config: string;
      steps: readonly { id: StepId; title: string; needs: readonly StepId[] }[];
    }
  | {
      type: 'run.resumed';
      pid: number;
      startTime: string;
      bootId: string;
      host: string;
      because: string;
      repairedBytes: number;
    }
  | { type: 'plan.fixed'; digest: string; rows: readonly PlanRow[] }
  | { type: 'step.intent'; step: StepId; attempt: number; inputs: string; because: string }
  | { type: 'step.spawned'; step: StepId; attempt: number; process: SpawnedProcess }
  | {
      type: 'step.adopted';
      step: StepId;
      attempt: number;
      process: SpawnedProcess;
      exitCode: number | null;
      signal: string | null;
    }
  /** A deed about to be done, with its justification. */
  | { type: 'step.audit'; step: StepId; attempt: number; action: string; target: string; because: string }
  | { type: 'step.settled'; step: StepId; attempt: number; because: string }
  | { type: 'step.applied'; step: StepId; attempt: number; output: Json; work: number }
  /** `kept` without an attempt in this run: found as it should be. */
  | {
      type: 'step.done';
      step: StepId;
      attempt: number;
      output: Json;
      inputs: string;
      kept: boolean;
      because: string;
      work: number;
      wait: number;
      /** Earlier records no longer describe anything. */
      epoch?: 'closed';
    }
  | { type: 'step.failed'; step: StepId; attempt: number; failure: Failure; work: number; wait: number }
  | { type: 'step.interrupted'; step: StepId; attempt: number; because: string }
  | { type: 'step.skipped'; step: StepId; because: string; blockedBy: readonly StepId[] }
  | { type: 'step.forgotten'; step: StepId; because: string }
  | {
      type: 'probe.sample';
      step: StepId;
      probe: string;
      is: 'ready' | 'waiting' | 'failed';
      because: string;
      elapsed: number;
      within: number;
    }
  | { type: 'signal.received'; signal: string; count: number }
  | { type: 'run.finished'; ending: 'done' | 'failed' | 'interrupted'; exitCode: number; wall: number }
  /** The environment was removed, or its far side vanished: earlier records no longer describe anything. */
  | { type: 'epoch.closed'; because: string };

export type ShownEvent =
  | { type: 'step.waiting'; step: StepId; because: string }
  | { type: 'step.checking'; step: StepId }
  | { type: 'step.note'; step: StepId; text: string }
  | { type: 'step.retrying'; step: StepId; attempt: number; delay: number; failure: Failure }
  | { type: 'run.cancelling'; budget: number; awaited: readonly { step: StepId; policy: string }[] }
  | { type: 'run.message'; level: 'info' | 'warning'; text: string };

export interface SpawnedProcess {
  /** Unique within the run; names the log and result files. */
  readonly id: string;
  readonly tool: string;
  readonly pid: number;
  /** Start time as the kernel tells it; a pid alone is reused. */
  readonly startTime: string;
  readonly bootId: string;
  readonly log: string;
}

/** An event with when and where. `at` is wall-clock milliseconds; `sequence` orders, never `at`. */
export type PlatformEvent = (DurableEvent | ShownEvent) & { readonly at: number; readonly run: string };
