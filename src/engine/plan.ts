import type { Action } from './events.ts';
import type { StepRecord } from './fold.ts';
import type { CheckResult, Json, Repeat } from './types.ts';

/** What is known about an instance when it is decided. */
export interface Evidence {
  /** undefined: untouched. */
  readonly record: StepRecord | undefined;
  /** Fingerprint of the inputs as they are now. */
  readonly inputs: string;
  readonly repeat: Repeat;
  /** A person said that it may run again. */
  readonly mayRepeat: boolean;
}

export interface Decision {
  readonly action: Extract<Action, 'keep' | 'run' | 'probe' | 'ask'>;
  readonly because: string;
  readonly output?: Json;
  readonly preview?: readonly string[];
  /** Kept without a record of ours that it ever became ready: its probes must say so. */
  readonly unproven?: boolean;
}

/** The rows of the plan table that need no look at the world; undefined when the check must be asked. */
export function decideUnseen({ record, inputs }: Evidence): Decision | undefined {
  if (record === undefined) return undefined;
  const same = record.inputs === inputs;
  if (record.state === 'applied' && same) {
    return {
      action: 'probe',
      because: `applied by attempt ${record.attempts}, not yet proven ready`,
      output: record.output as Json,
    };
  }
  if (record.state === 'applied')
    return { action: 'run', because: `its inputs changed since attempt ${record.attempts} applied it` };
  if (record.state === 'done' && !same) return { action: 'run', because: 'its inputs changed since it was done' };
  return undefined;
}

/** The plan table: one row each for what the journal says and what the check saw. Pure. */
export function decide(evidence: Evidence, check: CheckResult<Json>): Decision {
  const unseen = decideUnseen(evidence);
  if (unseen !== undefined)
    return unseen.action === 'run' && check.state === 'needed' ? withPreview(unseen, check) : unseen;
  const { record } = evidence;
  if (record !== undefined && isInDoubt(record)) return decideInDoubt(evidence, record, check);
  const { because } = check;
  if (record?.state === 'done') {
    return check.state === 'satisfied'
      ? { action: 'keep', because, output: check.output }
      : withPreview({ action: 'run', because: `drifted: ${because}` }, check);
  }
  const tried = record === undefined ? '' : `failed in attempt ${record.attempts}; `;
  return check.state === 'satisfied'
    ? { action: 'keep', because: `${tried}found as it should be: ${because}`, output: check.output, unproven: true }
    : withPreview({ action: 'run', because: `${tried}${because}` }, check);
}

function decideInDoubt({ repeat, mayRepeat }: Evidence, record: StepRecord, check: CheckResult<Json>): Decision {
  if (check.state === 'satisfied') {
    return {
      action: 'keep',
      because: `found complete after an interruption: ${check.because}`,
      output: check.output,
      unproven: true,
    };
  }
  const interrupted = `attempt ${record.attempts} was interrupted: ${check.because}`;
  if (repeat === 'safe' || (repeat === 'ask' && mayRepeat))
    return withPreview({ action: 'run', because: interrupted }, check);
  const way =
    repeat === 'ask'
      ? 'a person must say whether it may run again'
      : `it must not run twice; --forget ${record.id} when it is clear that it did not run`;
  return { action: 'ask', because: `${interrupted}; ${way}` };
}

function withPreview(decision: Decision, check: CheckResult<Json>): Decision {
  return check.state === 'needed' && check.preview !== undefined ? { ...decision, preview: check.preview } : decision;
}

/** Whether nobody knows how far the latest attempt came: a tool may have been cut off, and is settled before it is judged. */
export function isInDoubt(record: StepRecord): boolean {
  return record.state === 'in-doubt' || record.state === 'interrupted';
}
