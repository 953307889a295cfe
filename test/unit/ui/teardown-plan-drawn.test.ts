import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import type { Finding, Inventory } from '../../../src/steps/teardown/inventory-types.ts';
import { planTeardown } from '../../../src/steps/teardown/teardown-plan.ts';
import type { CloudKind, CloudResource } from '../../../src/tools/ports.ts';
import { refusedKinds } from '../../../src/tools/ports-estate.ts';
import { teardownText } from '../../../src/ui/teardown-view.ts';
import { flags } from './scripted-removal.ts';

const style = new Chalk({ level: 0 });

const finding = (
  kind: CloudKind,
  id: string,
  resource: Partial<CloudResource> = {},
  rest: Partial<Finding> = {},
): Finding => ({
  resource: { kind, id, name: '', tags: {}, state: '', phase: 'live', unique: {}, holds: [], ...resource },
  class: 'owned',
  because: 'recorded by step infrastructure',
  ...rest,
});

const drawn = (findings: readonly Finding[]): string => {
  const inventory: Inventory = {
    at: 0,
    clusterId: 'shop-prod-x7k2m',
    account: '123456789012',
    vpcs: ['vpc-1'],
    findings,
    kubernetes: { is: 'left-out', because: 'no control plane was ever made' },
    vanished: [],
  };
  const plan = planTeardown(inventory, { environment: 'prod' }, [], { now: 0 });
  // As it is printed with --json, and read back.
  return teardownText(JSON.parse(JSON.stringify(plan)) as typeof plan, flags, style, 80);
};

test.each(refusedKinds)('catalogue E9, E10, E11, B12: a %s is named with what it holds, and does not go', (kind) => {
  const held = finding('certificate', 'arn:aws:acm:us-east-1:123456789012:certificate/8d7c', { name: 'example.dev' });
  const text = drawn([
    held,
    finding(
      kind,
      'theirs-1',
      { holds: [held.resource] },
      { class: 'unknown', because: 'a kind that platform never makes' },
    ),
  ]);
  expect(text).toMatch(/theirs-1 is unknown:\s+a kind\s+that\s+platform\s+never\s+makes/);
  expect(text).toContain('it holds something of ours');
  expect(text).toMatch(/certificate example\.dev <-/);
  expect(text).toContain('1 go; 0 of ours stay; 1 that are not ours alone are not touched.');
});

test('a plan of nothing says so, and asks nothing', () => {
  const text = drawn([]);
  expect(text).toContain('Nothing of it was found.');
  expect(text).toContain('There is nothing to remove.');
});
