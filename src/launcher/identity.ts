import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * The start time of a living process as the kernel tells it, undefined when there is none. A zombie counts as dead.
 * Linux: field 22 of /proc/PID/stat in clock ticks since boot, counted after the last parenthesis because the program's
 * name may hold anything (proc_pid_stat(5)). Elsewhere: `ps -o lstart=`.
 */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const fields = statFields(pid);
    return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  }
  try {
    const [state, ...started] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

/** Names this boot of this machine: a pid recorded under another one is dead. */
export function currentBoot(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return (
      /sec = (\d+)/.exec(execFileSync('/usr/sbin/sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' }))?.[1] ?? ''
    );
  } catch {
    return '';
  }
}

/** Tells whether exactly this process still lives: pid, start time and boot must fit. */
export function isAlive(recorded: {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}): boolean {
  return recorded.bootId === currentBoot() && startTimeOf(recorded.pid) === recorded.startTime;
}

/** Fields of the stat file from the third on: state, parent, process group, session ... */
export function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
