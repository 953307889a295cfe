import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { HostFacts, ProcessTable } from './ports-engine.ts';

const execute = promisify(execFile);

/** The processes of this machine: procfs on Linux, ps and sysctl elsewhere. `self` is the pid of the calling process. */
export function systemProcessTable(self: number, platform: NodeJS.Platform): ProcessTable {
  const startTimeOf = platform === 'linux' ? startTimeFromProcfs : startTimeFromPs;
  return {
    startTimeOf,
    async facts(): Promise<HostFacts> {
      const [startTime, bootId, pidNamespace] = await Promise.all([
        startTimeOf(self),
        platform === 'linux' ? bootIdFromProcfs() : bootTimeFromSysctl(),
        platform === 'linux' ? readlink('/proc/self/ns/pid').catch(() => '') : '',
      ]);
      return { pid: self, startTime: startTime ?? '', bootId, pidNamespace, host: hostname(), user: userName() };
    },
  };
}

/**
 * The fields of a process's stat from the third on: state, parent, process group, session ... The name in the second may
 * hold spaces and parentheses, so counting begins after the last one (proc_pid_stat(5)).
 */
export const fieldsInStat = (stat: string): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** Field 22 of the process's stat, in clock ticks since boot. A zombie (state Z) has ended. */
export function startTimeInStat(stat: string): string | undefined {
  const fields = fieldsInStat(stat);
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

async function startTimeFromProcfs(pid: number): Promise<string | undefined> {
  return readFile(`/proc/${pid}/stat`, 'utf8').then(startTimeInStat, () => undefined);
}

/** `lstart` has a resolution of a second: enough, since a pid does not come round within one. */
async function startTimeFromPs(pid: number): Promise<string | undefined> {
  const options = { env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' } };
  const { stdout } = await execute('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options).catch(() => ({
    stdout: '',
  }));
  const [state, ...start] = stdout.trim().split(/\s+/);
  return state === undefined || state === '' || state.startsWith('Z') ? undefined : start.join(' ');
}

async function bootIdFromProcfs(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

/** macOS has no boot id; the second in which it booted serves. */
async function bootTimeFromSysctl(): Promise<string> {
  const { stdout } = await execute('/usr/sbin/sysctl', ['-n', 'kern.boottime']).catch(() => ({ stdout: '' }));
  return /sec = (\d+)/.exec(stdout)?.[1] ?? '';
}

/** A uid without a name (a container) has no user info. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
