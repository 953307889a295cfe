import { describe, expect, test } from 'vitest';
import { acquireLock, breakLock, inspectLock, judge, type LockHolder } from '../../../src/engine/lock.ts';
import { MemoryLocks } from '../../helpers/memory-locks.ts';

const me: LockHolder = {
  environment: 'dev',
  run: 'r1',
  verb: 'up',
  created: 0,
  pid: 10,
  startTime: '100',
  bootId: 'b1',
  pidNamespace: 'n1',
  host: 'h1',
  user: 'ann',
};
const other: LockHolder = { ...me, run: 'r2', pid: 20, startTime: '200' };

function port(living: Record<number, string>, folder = new MemoryLocks()) {
  return { folder, processes: { startTimeOf: async (pid: number) => living[pid] } };
}

describe('a holder is', () => {
  const living = { 20: '200' };
  test.each([
    ['alive: same boot, same namespace, pid with its start time', {}, living, 'alive'],
    ['dead: the pid is gone', {}, {}, 'dead'],
    ['dead: the pid is somebody else now', {}, { 20: '201' }, 'dead'],
    ['dead: this machine was started anew', { bootId: 'b0' }, living, 'dead'],
    ['unknown: another container', { pidNamespace: 'n2' }, living, 'unknown'],
    ['unknown: another machine', { host: 'h2', bootId: 'b2' }, living, 'unknown'],
    ['alive: the machine got another name meanwhile', { host: 'h2' }, living, 'alive'],
  ] as const)('%s', async (_, differs, alive: Record<number, string>, life) => {
    expect(await judge({ ...other, ...differs }, me, port(alive).processes)).toBe(life);
  });
});

describe('a lock', () => {
  test('is taken, seen, and given back', async () => {
    const free = port({ 10: '100' });
    const held = await acquireLock(free, me);
    expect(held.tookOver).toBeUndefined();
    expect(await inspectLock(free, other)).toEqual({ holder: me, life: 'alive' });
    await held.release();
    expect(free.folder.files.size).toBe(0);
  });

  test('of a living holder is LOCKED, with who, where, since, and the command', async () => {
    const taken = port({ 20: '200' });
    await acquireLock(taken, other);
    await expect(acquireLock(taken, me)).rejects.toMatchObject({
      code: 'LOCKED',
      message: 'up of run r2 holds it: ann@h1, pid 20, since 1970-01-01T00:00:00.000Z; it is alive',
      next: ['wait until it ends', 'platform unlock --env dev --run r2'],
    });
  });

  test('of a holder that cannot be judged is LOCKED too, and says why', async () => {
    const taken = port({});
    await acquireLock(taken, { ...other, host: 'far', bootId: 'bx' });
    await expect(acquireLock(taken, me)).rejects.toMatchObject({
      facts: { life: 'unknown' },
      next: ['make sure that it does not run on far', expect.any(String)],
    });
  });

  test('of a dead holder is taken over, and that is said', async () => {
    const taken = port({ 10: '100' });
    await acquireLock(taken, other);
    const held = await acquireLock(taken, me);
    expect(held.tookOver).toEqual(other);
    expect([...taken.folder.files.keys()]).toEqual(['lock']);
    await held.release();
    expect(taken.folder.files.size).toBe(0);
  });

  test('of a dead holder goes to exactly one of many takers, in every order of their steps', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const takers = [1, 2, 3].map((pid) => ({ ...me, run: `t${pid}`, pid, startTime: String(pid) }));
      const folder = new MemoryLocks(seed);
      const contested = port({ 1: '1', 2: '2', 3: '3' }, folder);
      folder.files.set('lock', JSON.stringify(other));
      const results = await Promise.allSettled(takers.map((taker) => acquireLock(contested, taker)));
      const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.holder.run] : []));
      expect(won).toHaveLength(1);
      expect(JSON.parse(folder.files.get('lock') as string).run).toBe(won[0]);
      expect([...folder.files.keys()]).toEqual(['lock']);
    }
  });

  test('whose taker died half-way is taken over all the same', async () => {
    const folder = new MemoryLocks();
    const contested = port({ 10: '100' }, folder);
    folder.files.set('lock', JSON.stringify(other));
    folder.replace = () => new Promise(() => undefined);
    void acquireLock(port({ 10: '100' }, folder), { ...me, run: 'died', pid: 30, startTime: '300' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(folder.files.size).toBe(2);
    folder.replace = MemoryLocks.prototype.replace;
    expect((await acquireLock(contested, me)).tookOver).toEqual(other);
    expect([...folder.files.keys()]).toEqual(['lock']);
  });

  test('is broken by the id of its run only, and then not given back by its old holder', async () => {
    const taken = port({ 20: '200' });
    const held = await acquireLock(taken, other);
    await expect(breakLock(taken, 'r9')).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await breakLock(taken, 'r2')).toEqual(other);
    await acquireLock(taken, me);
    await held.release();
    expect((await inspectLock(taken, me))?.holder.run).toBe('r1');
  });

  test('that is no lock of ours is LOCKED', async () => {
    const strange = port({});
    strange.folder.files.set('lock', 'not json');
    await expect(acquireLock(strange, me)).rejects.toMatchObject({ code: 'LOCKED' });
  });
});
