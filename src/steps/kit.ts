import type { PlatformConfig } from '../config/config.ts';
import { stepsFor } from '../engine/step.ts';
import type { Probe, StepScope, WriteScope } from '../engine/types.ts';
import type { ReadWorld, WriteWorld } from '../tools/ports.ts';

/** What the product's steps are written against. */
export interface PlatformKit {
  readonly config: PlatformConfig;
  readonly read: ReadWorld & { readonly config: PlatformConfig };
  readonly write: WriteWorld & { readonly config: PlatformConfig };
}

export type ReadContext = PlatformKit['read'] & StepScope;
export type StepContext = PlatformKit['write'] & WriteScope;
export type PlatformProbe<Out> = Probe<PlatformKit['read'], Out>;

export const { step, stepWhen, stepForEach } = stepsFor<PlatformKit>();
