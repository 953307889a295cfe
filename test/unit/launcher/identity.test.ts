import { expect, test } from 'vitest';
import { identityOf, isAlive } from '../../../src/launcher/identity.ts';

test('a process lives only as the one that was recorded: pid, start time and boot', async () => {
  const recorded = { pid: process.pid, ...(await identityOf(process.pid)) };
  expect(recorded.startTime).not.toBe('');
  expect(await isAlive(recorded)).toBe(true);
  expect(await isAlive({ ...recorded, startTime: `${recorded.startTime}1` })).toBe(false);
  expect(await isAlive({ ...recorded, bootId: 'the boot before' })).toBe(false);
  expect(await isAlive({ ...recorded, pid: 4_194_305 })).toBe(false);
});
