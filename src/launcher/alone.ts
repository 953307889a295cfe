import { rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { acquireLock, type HeldLock } from '../engine/lock.ts';
import { PlatformError } from '../errors.ts';
import { systemClock } from '../tools/clock.ts';
import { lockFolder } from '../tools/files.ts';
import { systemProcessTable } from '../tools/process-table.ts';
import type { LockFolder } from '../tools/ports-engine.ts';
import { answers, listenOn } from './socket.ts';

/** How long one launcher waits for another that is just coming up, and how often it looks, in milliseconds. */
const patience = 10_000;
const lookEvery = 20;

/**
 * Listens on the socket of a state folder; false when another launcher answers there. Of several that start together one
 * listens: a dead socket is removed only under a lock, so none removes what another has just made. The lock is held for
 * that moment only, for then the socket itself answers.
 */
export async function listenAlone(server: Server, path: string, stateFolder: string): Promise<boolean> {
  const until = systemClock.monotonic() + patience;
  while (!(await answers(path))) {
    const lock = await tryLock(stateFolder);
    if (lock === undefined) {
      if (systemClock.monotonic() > until) return false;
      await systemClock.sleep(lookEvery);
      continue;
    }
    try {
      if (await answers(path)) return false;
      rmSync(path, { force: true });
      await listenOn(server, path);
      return true;
    } finally {
      await lock.release();
    }
  }
  return false;
}

/** undefined when another has it. */
async function tryLock(stateFolder: string): Promise<HeldLock | undefined> {
  const table = systemProcessTable(process.pid, process.platform);
  const own = { ...(await table.facts()), environment: '', run: '', verb: 'launcher', created: systemClock.now() };
  try {
    return await acquireLock({ folder: named(lockFolder(stateFolder)), processes: table }, own);
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'LOCKED') return undefined;
    throw error;
  }
}

/** The lock of the environment lies in the same folder. */
const named = (folder: LockFolder): LockFolder => ({
  create: (name, text) => folder.create(`launcher.${name}`, text),
  read: (name) => folder.read(`launcher.${name}`),
  replace: (name, text) => folder.replace(`launcher.${name}`, text),
  remove: (name) => folder.remove(`launcher.${name}`),
});
