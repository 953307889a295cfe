import { execFile } from 'node:child_process';
import { access, constants, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as ec2 from '@aws-sdk/client-ec2';
import { missingForHosts } from '../../../src/sandbox/hosts/requirements.ts';
import { startSandbox } from '../../../src/sandbox/sandbox.ts';
import type { SandboxState } from '../../../src/sandbox/state.ts';
import { cachedPrograms } from '../../helpers/control-plane.ts';
import { awsPython, helmProgram } from '../../helpers/tool-caches.ts';
import { until } from '../../helpers/until.ts';

export const region = 'ap-northeast-2';
export const program = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
/** A busy machine boots hosts slowly. */
export const long = 600_000;

/** Why hosts cannot be tried on this machine; empty when they can. The image is not made by a test: it takes minutes. */
export async function whyNoHosts(): Promise<string> {
  const missing = await missingForHosts(process.platform, process.getuid?.());
  if (missing.length > 0) return missing.join('; ');
  if (!('programs' in (await cachedPrograms()).found) || helmProgram === undefined || awsPython === undefined)
    return 'no control plane, Helm or Python in the cache: npm run setup';
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'platform', 'hosts');
  const images = await readdir(cache).catch(() => []);
  const whole = await Promise.all(
    images
      .filter((name) => !name.startsWith('part-'))
      .map((name) => isThere(join(cache, name, 'root', 'usr', 'bin', 'cloud-init'))),
  );
  return whole.includes(true)
    ? ''
    : 'no image of hosts in the cache: platform sandbox up with sandbox.machines: hosts makes it';
}

const isThere = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(file: string, ...words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(file, words, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    );
  });
}

export const startHosts = (folder: string, allow: readonly string[]): Promise<SandboxState> =>
  startSandbox({
    config: {
      region,
      domain: 'example.dev',
      network: { pods: '192.168.0.0/16', services: '10.96.0.0/12' },
      sandbox: { delay: 0.3, machines: 'hosts' },
      access: { sshUser: 'ubuntu', allow },
      versions: { kubernetes: '1.36.3' },
    },
    folder,
    program,
    node: process.execPath,
    environment: { ...process.env, PLATFORM_SANDBOX_OWNER: String(process.pid), PLATFORM_SANDBOX_SUPPLY: 'none' },
    home: homedir(),
    say: () => undefined,
  });

/** What of a sandbox's hosts is left in the kernel. */
export async function leftOf(key: string): Promise<readonly string[]> {
  const lines = async (file: string, ...words: readonly string[]): Promise<readonly string[]> =>
    (await run(file, ...words)).stdout.split('\n').filter((line) => line.includes(key));
  const processes = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => {
        const group = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
        return group.includes(`platform-${key}`) ? `process ${pid}` : '';
      }),
  );
  return [
    ...(await lines('ip', 'netns', 'list')),
    ...(await lines('ip', '-o', 'link')),
    ...(await lines('ip', 'route', 'show', 'table', 'all')),
    ...(await lines('find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', `platform-${key}`)),
    ...(await lines('find', '/run', '-maxdepth', '2', '-name', `platform-${key}*`)),
    ...(await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(key)),
    ...processes.filter((line) => line !== ''),
  ];
}

/** Whether a TCP connection opens, is refused, or is answered by nothing. */
export function knock(host: string, port: number): Promise<'open' | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (how: 'open' | 'refused' | 'silent'): void => {
      socket.destroy();
      resolve(how);
    };
    socket.once('connect', () => end('open'));
    socket.once('timeout', () => end('silent'));
    socket.once('error', () => end('refused'));
  });
}

/** One instance, as a user of AWS sees it. */
export interface Guest {
  readonly id: string;
  described(): Promise<ec2.Instance | undefined>;
  address(): Promise<string>;
  console(): Promise<string>;
  /** Runs a command by real ssh, with the host key that the console vouches for; waits until somebody answers. */
  login(command: string): Promise<Ended>;
}

export function guestOf(client: ec2.EC2Client, id: string, key: string, folder: string): Guest {
  const described = async (): Promise<ec2.Instance | undefined> =>
    (await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0];
  const address = async (): Promise<string> => (await described())?.PublicIpAddress ?? '';
  const console = async (): Promise<string> => {
    const { Output = '' } = await client.send(new ec2.GetConsoleOutputCommand({ InstanceId: id }));
    return Buffer.from(Output, 'base64').toString('utf8');
  };
  const login = async (command: string): Promise<Ended> => {
    const hostKey = await until(
      `${id} prints its host key`,
      async () => /BEGIN SSH HOST KEY KEYS[\s\S]*?(ssh-ed25519 [\w+/=]+)/.exec(await console())?.[1],
      long,
    );
    const known = join(folder, `known-${id}`);
    const options = [
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${known}`,
      'ConnectTimeout=5',
      'LogLevel=ERROR',
    ];
    return until(
      `${id} lets us in`,
      async () => {
        const to = await address();
        await writeFile(known, `${to} ${hostKey}\n`);
        const words = [
          '-F',
          'none',
          '-i',
          key,
          ...options.flatMap((one) => ['-o', one]),
          `ubuntu@${to}`,
          '--',
          command,
        ];
        const ended = await run('ssh', ...words);
        return ended.code === 255 ? undefined : ended;
      },
      long,
    );
  };
  return { id, described, address, console, login };
}
