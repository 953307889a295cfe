import { describe, expect, test } from 'vitest';
import { plansAhead } from '../../../../src/tools/terraform/plans-ahead.ts';

const root = { name: 'cluster', directory: '/tree', variables: {} };
const copy = { key: 'k1', directory: '/copy' } as never;

function world(folder: string) {
  const removed: string[] = [];
  const time = { now: 0 };
  const options = {
    folder,
    clock: { monotonic: () => time.now } as never,
    files: { remove: async (path: string) => void removed.push(path) } as never,
  };
  const plan = { file: `${folder}/check.tfplan`, changes: [], empty: false, total: 1 };
  return { removed, time, plan, open: (purpose: 'apply' | 'destroy') => plansAhead(purpose, options) };
}

describe('a plan that was made before its turn', () => {
  test('is taken once, also by another instance of the adapter', async () => {
    const { open, plan, removed } = world('/one');
    open('apply').keep(root, copy, plan);
    expect(await open('destroy').take(root, copy)).toBeUndefined();
    expect(await open('apply').take(root, copy, 100)).toBe(plan);
    expect(await open('apply').take(root, copy, 100)).toBeUndefined();
    expect(removed).toEqual([]);
  });

  test('is dropped with its file when it is older than wanted: it holds values of the state', async () => {
    const { open, plan, removed, time } = world('/two');
    open('apply').keep(root, copy, plan);
    time.now = 101;
    expect(await open('apply').take(root, copy, 100)).toBeUndefined();
    expect(removed).toEqual(['/two/check.tfplan']);
  });
});
