import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import type { Transport } from '../../tools/kube/transport.ts';
import type { Clock, WritableTextFiles } from '../../tools/ports.ts';
import * as argv from './arguments.ts';
import type { ControlPlaneSettings } from './arguments.ts';
import { auditPolicy } from './audit.ts';
import { connectApi } from './connect.ts';
import type { ApiAccess } from './connect.ts';
import { ensureIdentity, kubeconfig } from './identity-files.ts';
import type { IdentityFolder } from './identity-files.ts';
import type { Program, ProgramPaths, ProgramRunner, RunningProgram } from './programs.ts';

/** What `startControlPlane` is given from outside. */
export interface ControlPlaneWorld {
  readonly runner: ProgramRunner;
  readonly files: WritableTextFiles;
  readonly clock: Clock;
}

/** A control plane that answers. */
export interface ControlPlane {
  /** https://127.0.0.1:PORT */
  readonly server: string;
  /** Kubeconfig of the administrator, 0600. */
  readonly kubeconfig: string;
  readonly auditLog: string;
  readonly pids: Readonly<Record<Program, number>>;
  /** Resolves, never rejects, when any program ends: names it, and how it ended. After `stop` it means nothing. */
  readonly broken: Promise<{ readonly program: Program; readonly because: string; readonly log: string }>;
  /** Raw requests as administrator under the given user agent; close it when done. */
  connect(userAgent: string): Promise<Transport>;
  /** Ends all five within about a second and keeps the data, so that a later start goes on with the same objects. */
  stop(): Promise<void>;
}

/** Longest time from the first program to a cluster that is ready, in milliseconds; measured: 4 s on two cores. */
const deadline = 120_000;
const pause = 100;

/**
 * Starts etcd, the API server, and when it is ready the controllers, the scheduler and kwok. Returns when the default
 * service account exists: at a first start that proves that etcd, API server and controllers work together; with the data
 * of an earlier start, which it goes on with, it proves the first two. When anything fails, what was started is stopped
 * again and SANDBOX_FAILED names the program and its log.
 */
export async function startControlPlane(
  world: ControlPlaneWorld,
  programs: ProgramPaths,
  settings: ControlPlaneSettings,
  signal: AbortSignal,
): Promise<ControlPlane> {
  const server = `https://127.0.0.1:${settings.ports.api}`;
  const paths = argv.layout(settings.folder);
  const identity = await writeFiles(world, settings, server);
  const running = new Map<Program, RunningProgram>();
  const { promise: broken, resolve: breaks } = Promise.withResolvers<Awaited<ControlPlane['broken']>>();

  const start = async (name: Program, rest: readonly string[]): Promise<void> => {
    const log = join(paths.logs, `${name}.log`);
    const program = await world.runner.startProgram({
      name,
      argv: [...programs[name], ...rest],
      // A home of its own: kwok would read the configuration in a person's ~/.kwok.
      // The start of an API server is a third garbage collection; it is short, and memory is there.
      env: { PATH: '/usr/bin:/bin', HOME: paths.home, GOGC: '400' },
      log,
    });
    running.set(name, program);
    void program.ended.then((because) => breaks({ program: name, because, log }));
  };
  const connect = async (userAgent: string): Promise<Transport> =>
    connectApi(await administrator(world.files, identity, server), userAgent, world.clock);
  const stop = (): Promise<void> => stopAll(world.runner, running);

  try {
    await start('etcd', argv.etcdArguments(settings, identity));
    await start('kube-apiserver', argv.apiServerArguments(settings, identity));
    const client = await connect('platform-sandbox');
    const until = { client, broken, signal, clock: world.clock };
    try {
      await answers(until, '/readyz');
      await start('kube-controller-manager', argv.controllerManagerArguments(settings, identity));
      await start('kube-scheduler', argv.schedulerArguments(settings));
      await start('kwok', argv.kwokArguments(settings));
      await answers(until, '/api/v1/namespaces/default/serviceaccounts/default');
    } finally {
      client.close();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const pids = Object.fromEntries([...running].map(([name, { pid }]) => [name, pid])) as Record<Program, number>;
  return { server, kubeconfig: paths.kubeconfig, auditLog: paths.auditLog, pids, broken, connect, stop };
}

async function writeFiles(
  world: ControlPlaneWorld,
  settings: ControlPlaneSettings,
  server: string,
): Promise<IdentityFolder> {
  const { files, clock } = world;
  const paths = argv.layout(settings.folder);
  const names = [
    'localhost',
    '127.0.0.1',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    ...settings.names,
  ];
  const identity = await ensureIdentity(files, {
    folder: paths.identity,
    names: [...new Set([...names, 'kubernetes.default.svc.cluster.local', settings.advertise])],
    now: clock.now(),
  });
  await files.write(paths.auditPolicy, JSON.stringify(auditPolicy, undefined, 2));
  await files.write(paths.kubeconfig, await kubeconfig(files, identity, 'admin', server), 0o600);
  for (const client of ['controller-manager', 'scheduler', 'kwok'] as const) {
    await files.write(paths.clientKubeconfig(client), await kubeconfig(files, identity, client, server), 0o600);
  }
  return identity;
}

async function administrator(files: WritableTextFiles, identity: IdentityFolder, server: string): Promise<ApiAccess> {
  const read = async (file: string): Promise<string> => (await files.read(identity.path(file))) ?? '';
  return {
    server,
    authority: await read('ca.crt'),
    certificate: await read('admin.crt'),
    key: await read('admin.key'),
  };
}

interface Waiting {
  readonly client: Transport;
  readonly broken: ControlPlane['broken'];
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Asks until the path answers 200; fails at once when a program ends. */
async function answers(waiting: Waiting, path: string): Promise<void> {
  const { client, clock, signal } = waiting;
  let over: Awaited<ControlPlane['broken']> | undefined;
  void waiting.broken.then((found) => {
    over = found;
  });
  let last = 'not asked yet';
  for (const end = clock.monotonic() + deadline; clock.monotonic() < end; await clock.sleep(pause, signal)) {
    signal.throwIfAborted();
    if (over !== undefined) {
      throw new PlatformError('SANDBOX_FAILED', {
        message: `${over.program} ended while the control plane was starting: ${over.because}`,
        next: [`read ${over.log}`],
        facts: { program: over.program, log: over.log },
      });
    }
    try {
      const answer = await client.send({ method: 'GET', path });
      if (answer.status === 200) return;
      last = `status ${answer.status}: ${answer.body.slice(0, 300)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
  }
  throw new PlatformError('SANDBOX_FAILED', {
    message: `the control plane did not answer ${path} within ${deadline / 1000} s (${last})`,
    next: ['read the files in the folder logs beside audit.log'],
  });
}

/**
 * Clients first, then the API server, then etcd. The API server is killed: asked politely it waits up to 60 s for open
 * watches, and nothing is lost, since all that it knows is in etcd.
 */
async function stopAll(runner: ProgramRunner, running: ReadonlyMap<Program, RunningProgram>): Promise<void> {
  const stop = async (name: Program, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const program = running.get(name);
    if (program !== undefined) await runner.stopProgram(program.pid, signal);
  };
  await Promise.all(
    (['kwok', 'kube-scheduler', 'kube-controller-manager'] as const).map((name) => stop(name, 'SIGTERM')),
  );
  await stop('kube-apiserver', 'SIGKILL');
  await stop('etcd', 'SIGTERM');
}
