import type { CancelLevel } from './schedule.ts';
import type { StepId } from './types.ts';

/** What happened. Everything about a step is on disk before it is told here. */
export type ScheduleEvent =
  | { readonly type: 'start' }
  /** What `settle-plan` asked for is on disk. */
  | { readonly type: 'plan-settled' }
  /** The tools of an earlier process have ended. */
  | { readonly type: 'adopted'; readonly step: StepId }
  /** Applied, probes to come. */
  | { readonly type: 'applied'; readonly step: StepId }
  | { readonly type: 'done'; readonly step: StepId }
  | { readonly type: 'failed'; readonly step: StepId }
  /** Failed in a way that may pass. */
  | { readonly type: 'retry'; readonly step: StepId; readonly delay: number }
  | { readonly type: 'retry-due'; readonly step: StepId }
  | { readonly type: 'interrupted'; readonly step: StepId }
  /** Ended without a record: only looking or probing was cut off, or the journal is lost. */
  | { readonly type: 'left'; readonly step: StepId }
  | { readonly type: 'cancel'; readonly level: CancelLevel }
  | { readonly type: 'journal-lost' }
  /** The time that a termination allows is over. */
  | { readonly type: 'budget-spent' };

/** What the driver is to do. */
export type Command =
  /** Record the kept and the left-out rows, in order. */
  | { readonly type: 'settle-plan'; readonly kept: readonly StepId[]; readonly skipped: readonly StepId[] }
  /** Wait for the tools of an earlier process. */
  | { readonly type: 'adopt'; readonly step: StepId }
  | { readonly type: 'work'; readonly step: StepId }
  | { readonly type: 'probe'; readonly step: StepId }
  | { readonly type: 'sleep'; readonly step: StepId; readonly delay: number }
  | { readonly type: 'skip'; readonly step: StepId; readonly blockedBy: readonly StepId[] }
  /** A ready step waits for a lock. */
  | { readonly type: 'say-waiting'; readonly step: StepId; readonly lock: string; readonly holder: StepId }
  | { readonly type: 'announce-cancel'; readonly awaited: readonly { step: StepId; policy: string }[] }
  | { readonly type: 'interrupt'; readonly step: StepId }
  | { readonly type: 'abort'; readonly step: StepId }
  | { readonly type: 'kill'; readonly step: StepId }
  /** Its last attempt failed and no other will come: record it as interrupted. */
  | { readonly type: 'give-up'; readonly step: StepId }
  | { readonly type: 'finish'; readonly ending: 'done' | 'failed' | 'interrupted' };
