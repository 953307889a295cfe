import type { Processes } from '../tools/ports.ts';
import type { StepScope, WriteScope } from './types.ts';

/** Makes the worlds that steps are called with; the composition root knows what is in them. */
export interface Contexts {
  /** A world to look at, whose every write throws. */
  read(scope: StepScope): object;
  /** A world to change; tools of the step are started through `processes`. */
  write(scope: WriteScope, processes: Processes): object;
}
