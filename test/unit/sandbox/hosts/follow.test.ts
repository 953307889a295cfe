import { describe, expect, test } from 'vitest';
import { deedFor } from '../../../../src/sandbox/hosts/follow.ts';
import type { HostRecord } from '../../../../src/sandbox/hosts/host.ts';
import { instance } from './instance.ts';

const host = (change: Partial<HostRecord> = {}): HostRecord => ({
  id: instance(1).id,
  privateAddress: '10.0.0.1',
  wanted: true,
  reboots: 0,
  root: '/image',
  keeper: { pid: 4711, startTime: '1' },
  ...change,
});

describe('what is due for a host', () => {
  test.each([
    ['a pending instance without a host is booted', 'pending', undefined, false, 'boot'],
    ['a running instance without a host is booted: its first boot was missed', 'running', undefined, false, 'boot'],
    ['a host that runs is left alone', 'running', host(), true, 'nothing'],
    [
      'a host that went off by itself is told to AWS, never booted behind the back of its owner',
      'running',
      host(),
      false,
      'tell power-off',
    ],
    ['a host that was stopped boots when its instance is started', 'pending', host({ wanted: false }), false, 'boot'],
    ['a stopping instance shuts its host down', 'stopping', host(), true, 'shut down'],
    ['a host that went off while its instance stops is put on record as off', 'stopped', host(), false, 'shut down'],
    ['a stopped host stays as it is', 'stopped', host({ wanted: false }), false, 'nothing'],
    ['a stopped instance gets no host', 'stopped', undefined, false, 'nothing'],
    ['a host ends with its instance', 'shutting-down', host(), true, 'remove'],
    ['a stopped host ends with its instance', 'terminated', host({ wanted: false }), false, 'remove'],
    ['nothing is removed twice', 'terminated', undefined, false, 'nothing'],
  ] as const)('%s', (_, state, known, isOn, deed) => {
    expect(deedFor(instance(1, { state }), known, isOn)).toBe(deed);
  });

  test('a start that was cut short is begun again, and is no power-off', () => {
    const { keeper: _, ...cut } = host();
    expect(deedFor(instance(1), cut, false)).toBe('boot');
  });

  test('a host that AWS does not know is removed', () => {
    expect(deedFor(undefined, host(), true)).toBe('remove');
  });

  test('a reboot is asked for once for each time that AWS was asked', () => {
    expect(deedFor(instance(1, { reboots: 2 }), host({ reboots: 1 }), true)).toBe('reboot');
    expect(deedFor(instance(1, { reboots: 2 }), host({ reboots: 2 }), true)).toBe('nothing');
  });
});
