import { PlatformError } from '../errors.ts';
import type { HostFacts, LockFolder, ProcessTable } from '../tools/ports-engine.ts';
import { fingerprint } from './fingerprint.ts';

/** What a lock file says about its holder. */
export interface LockHolder extends HostFacts {
  readonly environment: string;
  readonly run: string;
  readonly verb: string;
  /** Wall-clock milliseconds. */
  readonly created: number;
}

export interface HeldLock {
  readonly holder: LockHolder;
  /** The dead holder whose lock was taken over; undefined when it was free. */
  readonly tookOver: LockHolder | undefined;
  /** Gives it back; does nothing when someone broke it meanwhile. */
  release(): Promise<void>;
}

export interface LockPort {
  readonly folder: LockFolder;
  readonly processes: Pick<ProcessTable, 'startTimeOf'>;
}

const fileName = 'lock';

/**
 * Takes the lock of an environment, from a holder that is provably dead too. Of two that want a dead one's lock at the
 * same time, one gets it. A living holder, and one that nobody here can judge, is LOCKED.
 */
export async function acquireLock(port: LockPort, facts: LockHolder): Promise<HeldLock> {
  const text = `${JSON.stringify(facts)}\n`;
  const before = await take(port, fileName, text, facts);
  return {
    holder: facts,
    tookOver: before,
    async release() {
      if ((await port.folder.read(fileName)) === text) await port.folder.remove(fileName);
    },
  };
}

/** Who holds the lock, and whether it lives; undefined when it is free. */
export async function inspectLock(
  port: LockPort,
  facts: HostFacts,
): Promise<{ readonly holder: LockHolder; readonly life: Life } | undefined> {
  const text = await port.folder.read(fileName);
  if (text === undefined) return undefined;
  const holder = parse(text);
  return { holder, life: await judge(holder, facts, port.processes) };
}

/** Removes the lock of that very run and tells its holder; LOCKED when another run holds it, undefined when nobody does. */
export async function breakLock(port: LockPort, run: string): Promise<LockHolder | undefined> {
  const text = await port.folder.read(fileName);
  if (text === undefined) return undefined;
  const holder = parse(text);
  if (holder.run !== run) throw locked(holder, 'unknown', 'the lock is not that of the run that was named');
  await port.folder.remove(fileName);
  return holder;
}

export type Life = 'alive' | 'dead' | 'unknown';

/**
 * Judges a holder by facts that cannot be mistaken: the boot, then the pid together with its start time. A pid alone is
 * reused, a time stamp alone lies after a sleep; what another machine or container runs cannot be seen from here.
 */
export async function judge(holder: HostFacts, facts: HostFacts, processes: LockPort['processes']): Promise<Life> {
  const sameBoot = holder.bootId !== '' && holder.bootId === facts.bootId;
  if (!sameBoot && holder.host !== facts.host) return 'unknown';
  if (!sameBoot && holder.bootId !== '' && facts.bootId !== '') return 'dead';
  if (holder.pidNamespace !== facts.pidNamespace) return 'unknown';
  return (await processes.startTimeOf(holder.pid)) === holder.startTime ? 'alive' : 'dead';
}

async function take(port: LockPort, name: string, text: string, facts: LockHolder): Promise<LockHolder | undefined> {
  const { folder, processes } = port;
  for (;;) {
    if (await folder.create(name, text)) return undefined;
    const existing = await folder.read(name);
    if (existing === undefined) continue;
    const holder = parse(existing);
    const life = await judge(holder, facts, processes);
    if (life !== 'dead') throw locked(holder, life);
    // A guard named after this very text lets one taker through, and none who read the text before it changed.
    const guard = `${name}.${fingerprint(existing).slice(0, 12)}`;
    await take(port, guard, text, facts);
    try {
      if ((await folder.read(name)) !== existing) continue;
      await folder.replace(name, text);
      return holder;
    } finally {
      await folder.remove(guard);
    }
  }
}

function parse(text: string): LockHolder {
  const nobody = {
    environment: '',
    run: 'unknown',
    verb: 'unknown',
    created: 0,
    pid: 0,
    startTime: '',
    bootId: '',
    pidNamespace: '',
    host: '',
    user: '',
  };
  try {
    return { ...nobody, ...(JSON.parse(text) as LockHolder) };
  } catch {
    // Not written by us: nobody can say whose it is, so only a person may break it.
    return { ...nobody, host: 'an unreadable lock file' };
  }
}

function locked(holder: LockHolder, life: Life, why?: string): PlatformError {
  const { run, verb, user, host, pid, created, environment } = holder;
  const since = new Date(created).toISOString();
  const judged = life === 'alive' ? '; it is alive' : '; whether it still lives is unknown here';
  const reason = why === undefined ? judged : `; ${why}`;
  return new PlatformError('LOCKED', {
    message: `${verb} of run ${run} holds it: ${user}@${host}, pid ${pid}, since ${since}${reason}`,
    next: [
      life === 'alive' ? 'wait until it ends' : `make sure that it does not run on ${host}`,
      `platform unlock --env ${environment} --run ${run}`,
    ],
    facts: { run, verb, user, host, pid, since, ...(why === undefined ? { life } : {}) },
  });
}
