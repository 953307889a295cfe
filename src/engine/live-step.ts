import type { Clock } from '../tools/ports.ts';
import type { Failure } from './events.ts';
import type { StepRecord } from './fold.ts';
import type { Instance } from './graph.ts';
import type { Json, StepScope } from './types.ts';

/** One step while a run has it in hand. */
export interface LiveStep {
  readonly instance: Instance;
  /** What the journal says, or what the last try of this run made of it; undefined: untouched. */
  record: StepRecord | undefined;
  /** Of the latest intent, over all runs. */
  attempt: number;
  /** Tries of this run. */
  tries: number;
  settled: boolean;
  /** Adopted, not made: kept once its probes agree. */
  kept: boolean;
  because: string;
  inputs: string;
  output: Json | undefined;
  /** Milliseconds of this attempt. */
  work: number;
  wait: number;
  startedAt: number;
  lastProgress: number;
  controller: AbortController;
  /** What a cancellation did to it. */
  cut: 'interrupt' | 'abort' | 'kill' | undefined;
  /** Its ending is told; whatever comes later is nobody's business. */
  over: boolean;
  failure: Failure | undefined;
}

/** A step that nobody has touched in this run. `attempts` counts earlier ones. */
export function newLiveStep(instance: Instance, record: StepRecord | undefined, attempts: number): LiveStep {
  return {
    instance,
    record,
    attempt: attempts,
    tries: 0,
    settled: false,
    kept: false,
    because: '',
    inputs: record?.inputs ?? '',
    output: undefined,
    work: 0,
    wait: 0,
    startedAt: 0,
    lastProgress: 0,
    controller: new AbortController(),
    cut: undefined,
    over: false,
    failure: undefined,
  };
}

/** The scope of a call into the step. */
export function scopeOf(live: LiveStep, run: string, clock: Clock, show: (text: string) => void): StepScope {
  return {
    run,
    step: live.instance.id,
    key: live.instance.key,
    attempt: live.attempt,
    signal: live.controller.signal,
    note(text) {
      live.lastProgress = clock.monotonic();
      if (!live.over) show(text);
    },
  };
}

/** What the record of a done step says beside, where it ends an epoch: one record, so that no kill comes between. */
export const epochEnd = ({ step }: Pick<LiveStep['instance'], 'step'>): { readonly epoch?: 'closed' } =>
  step.spec.closesEpoch === true ? { epoch: 'closed' } : {};
