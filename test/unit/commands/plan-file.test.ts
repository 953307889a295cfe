import { describe, expect, test } from 'vitest';
import { readPlanFile, refuseGrown } from '../../../src/commands/plan-file.ts';

const removing = (...ids: readonly string[]) => ({
  steps: [{ things: ids.map((id) => ({ kind: 'security-group', id })) }],
});
const file = (...ids: readonly string[]) =>
  JSON.stringify({ schema: 'platform/plan/v1', rows: [], removal: removing(...ids) });

describe('a plan file of a teardown', () => {
  test('holds when the same or less would go', () => {
    expect(() => refuseGrown('p', file('sg-1', 'sg-2'), removing('sg-1', 'sg-2'))).not.toThrow();
    expect(() => refuseGrown('p', file('sg-1', 'sg-2'), removing('sg-2'))).not.toThrow();
  });

  test('is refused when more would go, naming it', () => {
    expect(() => refuseGrown('p', file('sg-1'), removing('sg-1', 'sg-3'))).toThrow(
      expect.objectContaining({ code: 'PLAN_STALE', message: expect.stringContaining('security group sg-3') }),
    );
  });

  test('a plan of a build agrees to no removal at all', () => {
    const text = JSON.stringify({ schema: 'platform/plan/v1', rows: [] });
    expect(readPlanFile('p', text)).toMatchObject({ rows: [] });
    expect(() => refuseGrown('p', text, removing('sg-1'))).toThrow(expect.objectContaining({ code: 'PLAN_STALE' }));
  });
});
