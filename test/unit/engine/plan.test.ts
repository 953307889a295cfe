import { describe, expect, test } from 'vitest';
import type { StepRecord } from '../../../src/engine/fold.ts';
import { decide, decideUnseen, type Evidence } from '../../../src/engine/plan.ts';
import type { CheckResult, Json } from '../../../src/engine/types.ts';

const satisfied: CheckResult<Json> = { state: 'satisfied', output: 'found', because: 'release is current' };
const needed: CheckResult<Json> = { state: 'needed', because: 'release is absent', preview: ['install'] };

function record(state: StepRecord['state'], inputs = 'same'): StepRecord {
  return {
    id: 'redis',
    state,
    run: 'r',
    attempts: 2,
    inputs,
    output: 'recorded',
    because: 'before',
    work: 1,
    wait: 1,
    processes: [],
    at: 0,
  };
}

function evidence(before: StepRecord | undefined, more: Partial<Evidence> = {}): Evidence {
  return { record: before, inputs: 'same', repeat: 'safe', mayRepeat: false, ...more };
}

describe('the plan table, row by row', () => {
  const rows: [string, Evidence, CheckResult<Json>, object][] = [
    [
      'applied, same inputs: straight to the probes',
      evidence(record('applied')),
      needed,
      { action: 'probe', output: 'recorded', because: 'applied by attempt 2, not yet proven ready' },
    ],
    [
      'applied, inputs changed: run',
      evidence(record('applied', 'other')),
      satisfied,
      { action: 'run', because: 'its inputs changed since attempt 2 applied it' },
    ],
    [
      'done, same, satisfied: keep, with what is there now',
      evidence(record('done')),
      satisfied,
      { action: 'keep', output: 'found', because: 'release is current' },
    ],
    [
      'done, same, needed: drift',
      evidence(record('done')),
      needed,
      { action: 'run', because: 'drifted: release is absent', preview: ['install'] },
    ],
    [
      'done, inputs changed, satisfied: run',
      evidence(record('done', 'other')),
      satisfied,
      { action: 'run', because: 'its inputs changed since it was done' },
    ],
    [
      'done, inputs changed, needed: run, with a preview',
      evidence(record('done', 'other')),
      needed,
      { action: 'run', because: 'its inputs changed since it was done', preview: ['install'] },
    ],
    [
      'in doubt, satisfied: keep, unproven',
      evidence(record('in-doubt')),
      satisfied,
      {
        action: 'keep',
        output: 'found',
        unproven: true,
        because: 'found complete after an interruption: release is current',
      },
    ],
    [
      'interrupted, satisfied: keep, unproven',
      evidence(record('interrupted', 'other')),
      satisfied,
      {
        action: 'keep',
        output: 'found',
        unproven: true,
        because: 'found complete after an interruption: release is current',
      },
    ],
    [
      'in doubt, needed, safe: run again',
      evidence(record('in-doubt')),
      needed,
      { action: 'run', because: 'attempt 2 was interrupted: release is absent', preview: ['install'] },
    ],
    [
      'in doubt, needed, ask: ask',
      evidence(record('in-doubt'), { repeat: 'ask' }),
      needed,
      {
        action: 'ask',
        because: 'attempt 2 was interrupted: release is absent; a person must say whether it may run again',
      },
    ],
    [
      'in doubt, needed, ask, allowed: run',
      evidence(record('in-doubt'), { repeat: 'ask', mayRepeat: true }),
      needed,
      { action: 'run', because: 'attempt 2 was interrupted: release is absent', preview: ['install'] },
    ],
    [
      'in doubt, needed, never: ask, allowed or not',
      evidence(record('interrupted'), { repeat: 'never', mayRepeat: true }),
      needed,
      {
        action: 'ask',
        because:
          'attempt 2 was interrupted: release is absent; it must not run twice; --forget redis when it is clear that it did not run',
      },
    ],
    [
      'failed, satisfied: keep what exists, unproven',
      evidence(record('failed')),
      satisfied,
      {
        action: 'keep',
        output: 'found',
        unproven: true,
        because: 'failed in attempt 2; found as it should be: release is current',
      },
    ],
    [
      'failed, needed: run',
      evidence(record('failed')),
      needed,
      { action: 'run', because: 'failed in attempt 2; release is absent', preview: ['install'] },
    ],
    [
      'untouched, satisfied: adopt',
      evidence(undefined),
      satisfied,
      { action: 'keep', output: 'found', unproven: true, because: 'found as it should be: release is current' },
    ],
    [
      'untouched, needed: run',
      evidence(undefined),
      needed,
      { action: 'run', because: 'release is absent', preview: ['install'] },
    ],
  ];
  test.each(rows)('%s', (_, given, check, expected) => {
    expect(decide(given, check)).toEqual(expected);
  });

  test('only rows that no look can change are decided unseen', () => {
    const unseen = rows.filter(([, given]) => decideUnseen(given) !== undefined).map(([name]) => name);
    expect(unseen).toEqual(rows.map(([name]) => name).filter((name) => /^(applied|done, inputs)/.test(name)));
  });
});
