import { connect } from 'node:net';
import { dirname } from 'node:path';
import { PlatformError } from '../errors.ts';
import { pinnedKeys, withPinnedKeys } from './known-hosts.ts';
import { Secret } from './ports.ts';
import type { Exit, Machine, Processes, SshWriter, WritableTextFiles } from './ports.ts';
import { sshError } from './ssh-errors.ts';

export interface SshOptions {
  /** Starts reading calls: keeps no log, for some of what comes back is secret. */
  readonly read: Processes;
  readonly files: WritableTextFiles;
  /** Our own known_hosts file in the state folder; the user's is never read or written. */
  readonly knownHosts: string;
  /** The ssh program, a path or a name on PATH. */
  readonly program: string;
  /** PATH and what else the program shall see. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where a connection really goes (sandbox); absent: where it says. */
  readonly connectTo?: (host: string, port: number) => { readonly host: string; readonly port: number };
}

const connectSeconds = 10;

/** The last write to each known_hosts file of this process: machines are pinned side by side, and each pin rewrites the file. */
const writes = new Map<string, Promise<void>>();

function alone(file: string, write: () => Promise<void>): Promise<void> {
  const next = (writes.get(file) ?? Promise.resolve()).catch(() => undefined).then(write);
  writes.set(file, next);
  return next;
}

/** SSH with one key, pinned host keys and nothing of the user's own configuration. */
export function createSsh(options: SshOptions): SshWriter {
  const { files, knownHosts } = options;
  const known = async (): Promise<string> => (await files.read(knownHosts)) ?? '';

  const run = async (machine: Machine, argv: readonly string[], signal: AbortSignal): Promise<Exit> => {
    const stderr: string[] = [];
    const target = options.connectTo?.(machine.address, 22);
    const exit = await options.read.run({
      tool: 'ssh',
      argv: [options.program, ...sshArguments(machine, knownHosts, target), ...argv.map(quoted)],
      cwd: dirname(knownHosts),
      env: options.environment,
      signal,
      onLine: (line, stream) => {
        if (stream === 'stderr') stderr.push(line);
      },
    });
    signal.throwIfAborted();
    if (exit.code === 255) throw sshError(machine, stderr);
    return exit;
  };

  return {
    run,
    reach: (host, port, signal) => reach(options.connectTo?.(host, port) ?? { host, port }, signal),
    pinned: async (address) => pinnedKeys(await known(), address),
    pin: (address, keys) =>
      alone(knownHosts, async () => files.write(knownHosts, withPinnedKeys(await known(), address, keys), 0o600)),

    async readSecretFile(machine, path, signal) {
      // Encoded, so that no redaction of well-known patterns on the way can damage it.
      const exit = await run(machine, ['sudo', '-n', 'base64', '-w0', path], signal);
      if (exit.code === 0) return new Secret(Buffer.from(exit.stdout.trim(), 'base64').toString('utf8'));
      throw new PlatformError('TOOL_FAILED', {
        message: `${path} on ${machine.name} cannot be read as root`,
        next: [`Look at it: ssh ${machine.user}@${machine.address} sudo ls -l ${path}`],
        facts: { tool: 'ssh', machine: machine.name, path, ...(exit.code !== null && { exit: exit.code }) },
      });
    },
  };
}

/**
 * The whole policy of a connection. `-F none` leaves the user's and the machine's ssh_config out (ssh(1)), so that no
 * other key is offered first and no host key is accepted elsewhere (catalogue A13).
 */
export function sshArguments(
  machine: Machine,
  knownHosts: string,
  target?: { readonly host: string; readonly port: number },
): readonly string[] {
  const settings = {
    IdentitiesOnly: 'yes',
    IdentityFile: quotedPath(machine.key),
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: quotedPath(knownHosts),
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlias: machine.address,
    UpdateHostKeys: 'no',
    BatchMode: 'yes',
    PasswordAuthentication: 'no',
    ConnectTimeout: String(connectSeconds),
    ServerAliveInterval: '15',
    ServerAliveCountMax: '3',
    LogLevel: 'ERROR',
    ...(target !== undefined && { Port: String(target.port) }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', 'none', '-T', ...flags, '-l', machine.user, target?.host ?? machine.address, '--'];
}

/** ssh_config(5) splits values at spaces and expands `%` in them. */
function quotedPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** The remote side always puts the words through a shell (ssh(1)): a word that it could misread is quoted. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function reach(
  target: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<{ readonly open: boolean; readonly because: string }> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = connect({ ...target, timeout: connectSeconds * 1000 });
    const end = (open: boolean, because: string): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve({ open, because: `port ${target.port} of ${target.host} ${because}` });
    };
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => end(true, 'is open'));
    socket.once('timeout', () => end(false, `does not answer within ${connectSeconds} s`));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(false, reasons[error.code ?? ''] ?? `cannot be reached: ${error.message}`),
    );
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'has no route',
  ENETUNREACH: 'has no route',
  ENOTFOUND: 'has a name that does not resolve',
};
