import { PlatformError } from '../../errors.ts';
import { succeeds } from './shell.ts';

const programs = ['ip', 'nsenter', 'unshare', 'sysctl', 'setpriv', 'ssh-keygen', 'ssh'] as const;

/** Hosts need Linux, root and a few programs; SANDBOX_FAILED names all that is missing at once. */
export async function requireHosts(platform: string, uid: number | undefined): Promise<void> {
  const problems = await missingForHosts(platform, uid);
  if (problems.length === 0) return;
  throw new PlatformError('SANDBOX_FAILED', {
    message: `hosts cannot run here: ${problems.join('; ')}`,
    next: ['run as root on Linux with what is missing installed', 'or leave sandbox.machines at simulated'],
  });
}

/** What this machine lacks; empty when hosts can run. */
export async function missingForHosts(platform: string, uid: number | undefined): Promise<readonly string[]> {
  if (platform !== 'linux') return [`this is ${platform}, not Linux`];
  const lacking: string[] = [];
  for (const name of programs) if (!(await succeeds('sh', '-c', 'command -v "$1"', 'sh', name))) lacking.push(name);
  return [
    ...(uid === 0 ? [] : ['not root']),
    ...(lacking.length === 0 ? [] : [`no ${lacking.join(', ')} on PATH`]),
    ...((await succeeds('test', '-d', '/sys/fs/cgroup')) ? [] : ['no cgroups']),
  ];
}
