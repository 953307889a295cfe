import { connect, createServer } from 'node:net';
import { PlatformError } from '../errors.ts';
import type { Clock, Machine, Processes } from './ports.ts';
import { sshArguments } from './ssh.ts';

export interface TunnelOptions {
  readonly program: string;
  readonly knownHosts: string;
  readonly machine: Machine;
  /** Where the tunnel ends, as the machine sees it. */
  readonly target: { readonly host: string; readonly port: number };
}

/** A forward that is open. */
export interface Tunnel {
  readonly port: number;
  close(): void;
}

/** Milliseconds until a tunnel must accept connections. */
export const tunnelWithin = 20_000;

/** ssh that only forwards, with the same policy as every other connection of ours. */
export function tunnelArguments(
  { program, knownHosts, machine, target }: TunnelOptions,
  local: number,
): readonly string[] {
  const forward = ['-N', '-L', `127.0.0.1:${local}:${target.host}:${target.port}`, '-o', 'ExitOnForwardFailure=yes'];
  return [program, ...forward, ...sshArguments(machine, knownHosts).filter((word) => word !== '--')];
}

/** Opens a tunnel that ends with us, also when we are killed. UNREACHABLE (transient) with ssh's last words when it does not open. */
export async function openTunnel(
  options: TunnelOptions & {
    readonly processes: Processes;
    readonly clock: Clock;
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
  },
): Promise<Tunnel> {
  const { machine, processes, clock } = options;
  const port = await freePort();
  const over = new AbortController();
  let ended: string | undefined;
  void processes
    .run({
      tool: 'ssh',
      argv: tunnelArguments(options, port),
      cwd: options.folder,
      env: options.environment,
      signal: over.signal,
      endsWithUs: true,
    })
    .then(({ tail }) => (ended = tail.at(-1) ?? 'it ended without a word'))
    .catch((error: unknown) => (ended = error instanceof Error ? error.message : String(error)));
  for (const deadline = clock.monotonic() + tunnelWithin; ; await clock.sleep(50)) {
    if (await accepts(port)) return { port, close: () => over.abort() };
    if (ended === undefined && clock.monotonic() < deadline) continue;
    over.abort();
    throw new PlatformError('UNREACHABLE', {
      message: `the SSH tunnel to ${machine.name} did not open: ${ended ?? `no connection within ${tunnelWithin / 1000} s`}`,
      class: 'transient',
      next: ['platform doctor looks at key and address', 'or reach the API directly: access.api: direct'],
      facts: { machine: machine.name, address: machine.address },
    });
  }
}

/** A loopback port that nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
