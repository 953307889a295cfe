import { describe, expect, test } from 'vitest';
import type { ResourceChange, TerraformRoot } from '../../../../src/tools/ports.ts';
import { readChanges } from '../../../../src/tools/terraform/changes.ts';
import { refuseLosses } from '../../../../src/tools/terraform/guard.ts';
import { type Message, readMessage, readMessages } from '../../../../src/tools/terraform/messages.ts';
import { createProgress } from '../../../../src/tools/terraform/progress.ts';

const root: TerraformRoot = { name: 'cluster', directory: '/p', variables: {} };
const planned = (addr: string, action: string, reason?: string): Message => ({
  type: 'planned_change',
  change: {
    resource: { addr, resource_type: addr.split('.')[0] ?? '' },
    action,
    ...(reason === undefined ? {} : { reason }),
  },
});
const hook = (type: string, addr: string, action: string, elapsed?: number): Message => ({
  type,
  hook: { resource: { addr }, action, ...(elapsed === undefined ? {} : { elapsed_seconds: elapsed }) },
});

describe('readChanges', () => {
  test('reads actions and reasons in the order of addresses, and calls a change found outside drift', () => {
    const { changes, total, empty } = readChanges([
      planned('aws_instance.node[10]', 'replace', 'tainted'),
      planned('aws_instance.node[9]', 'update'),
      { ...planned('aws_instance.node[9]', 'update'), type: 'resource_drift' },
      { type: 'change_summary', changes: { add: 1, change: 1, remove: 1, operation: 'plan' } },
    ]);
    expect(changes).toEqual([
      { address: 'aws_instance.node[9]', type: 'aws_instance', actions: ['update'], reason: 'drift' },
      { address: 'aws_instance.node[10]', type: 'aws_instance', actions: ['delete', 'create'], reason: 'tainted' },
    ]);
    expect({ total, empty }).toEqual({ total: 3, empty: false });
  });

  test.each([
    ['noop', true],
    ['update', false],
  ])('is empty when outputs are %s: %s', (action, empty) => {
    const summary: Message = { type: 'change_summary', changes: { add: 0, change: 0, remove: 0, operation: 'plan' } };
    expect(readChanges([summary, { type: 'outputs', outputs: { x: { action } } }]).empty).toBe(empty);
  });

  test('passes over lines that are no messages', () => {
    expect(readMessages(['plain', '{"broken', '{"no":"type"}', '{"type":"version"}'])).toEqual([{ type: 'version' }]);
    expect(readMessage('[1]')).toBeUndefined();
  });
});

describe('refuseLosses', () => {
  const loss: ResourceChange = {
    address: 'aws_instance.node["k8s-master"]',
    type: 'aws_instance',
    actions: ['delete', 'create'],
    reason: 'cannot_update',
  };

  test('refuses to replace a machine, with address, reason and what to do', async () => {
    await expect(refuseLosses(root, [loss], () => false)).rejects.toMatchObject({
      code: 'STEP_FAILED',
      message: expect.stringContaining(
        'aws_instance.node["k8s-master"] would be replaced (a changed setting cannot be changed in place)',
      ),
      next: expect.arrayContaining([expect.stringContaining('ignore_changes = [ami]')]),
      facts: { addresses: loss.address, reasons: 'cannot_update' },
    });
  });

  test.each([
    ['what is allowed', loss, () => true],
    ['a rule that is made again', { ...loss, type: 'aws_vpc_security_group_ingress_rule' }, () => false],
    ['a machine that is changed in place', { ...loss, actions: ['update'] as const }, () => false],
  ])('lets %s pass', async (_what, change, allow) => {
    await expect(refuseLosses(root, [change], allow)).resolves.toBeUndefined();
  });
});

describe('createProgress', () => {
  test('counts what is done and names what takes longest', () => {
    const say = createProgress(3);
    expect(say(hook('apply_start', 'a', 'create'))).toBe('0/3 resources, a creating 0s');
    expect(say(hook('apply_start', 'b', 'delete'))).toBe('0/3 resources, a creating 0s');
    expect(say(hook('apply_progress', 'b', 'delete', 10))).toBe('0/3 resources, b deleting 10s');
    expect(say(hook('apply_complete', 'b', 'delete', 12))).toBe('1/3 resources, a creating 0s');
    expect(say(hook('apply_errored', 'a', 'create', 14))).toBe('a failed after 14s');
    expect(say({ type: 'version' })).toBeUndefined();
  });
});
