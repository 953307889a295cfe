import type { DurableEvent, ShownEvent } from './events.ts';
import type { limiter } from './limiter.ts';
import type { RunOptions } from './run-options.ts';
import type { Selected } from './select.ts';
import type { Json, StepId } from './types.ts';

/** What the parts of a run share. */
export interface Engine {
  readonly options: RunOptions;
  readonly selected: Selected;
  /** Outputs of all that is done or kept. */
  readonly outputs: Map<StepId, Json>;
  /** On disk, then shown. The first failure stops the run; it and every later call throw it. */
  record(event: DurableEvent): Promise<void>;
  show(event: ShownEvent): void;
  /** Every step that was not begun in this run is from here on one that nobody has touched. */
  forgetEpoch(): void;
  readonly ask: ReturnType<typeof limiter>;
}
