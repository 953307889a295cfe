import { readdirSync, readFileSync } from 'node:fs';
import { fieldsInStat } from '../tools/process-table.ts';

/** Sends one signal to one process; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Kills every process of the session that `leader` opened, also those that moved to process groups of their own. */
export function killSession(leader: number): void {
  signalProcess(-leader, 'SIGKILL');
  for (const pid of membersOf(leader)) signalProcess(pid, 'SIGKILL');
}

function membersOf(session: number): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => sessionOf(pid) === String(session));
}

function sessionOf(pid: number): string | undefined {
  try {
    return fieldsInStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))[3];
  } catch {
    return undefined;
  }
}
