import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { awsPython } from './tool-caches.ts';
import { until } from './until.ts';

/** One call as the server's journal has it. */
export interface AwsCall {
  readonly n: number;
  readonly service: string;
  readonly action: string;
  readonly write: boolean;
  readonly status: number;
  readonly code?: string;
  readonly agent: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface AwsServer {
  readonly child: ChildProcess;
  readonly port: number;
  /** The server writes its port there; a supervisor takes it over by it. */
  readonly portFile: string;
}

/** Starts the local AWS server in a process of its own, and resolves when it answers. Needs `awsPython`. */
export async function startAwsServer(options: {
  readonly folder: string;
  /** What Python runs: a module or a file. */
  readonly program: readonly string[];
  /** Seconds of every state change. */
  readonly delay: number;
  readonly seed: object;
  readonly more?: readonly string[];
}): Promise<AwsServer> {
  const home = join(options.folder, 'aws');
  mkdirSync(home, { recursive: true });
  const [portFile, seedFile] = [join(home, 'port.json'), join(home, 'seed.json')];
  writeFileSync(seedFile, JSON.stringify(options.seed));
  const words = ['--port-file', portFile, '--delay', String(options.delay), '--seed', seedFile];
  const child = spawn(awsPython ?? '', [...options.program, ...words, ...(options.more ?? [])], {
    env: {
      PATH: env['PATH'],
      HOME: home,
      PYTHONPATH: fileURLToPath(new URL('../../sandbox/aws', import.meta.url)),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ready = (): string => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the local AWS server ended: ${child.signalCode ?? `exit code ${child.exitCode}`}`);
    try {
      return readFileSync(portFile, 'utf8');
    } catch {
      return '';
    }
  };
  // It is over at once when the program ends; a busy machine is no failure.
  const started = await until('the local AWS server answers', ready, 240_000).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return { child, port: (JSON.parse(started) as { port: number }).port, portFile };
}

/** The server's own paths, which AWS has not. */
export interface ServerPaths {
  readonly endpoint: string;
  /** POST when there is a body. */
  ask<Answer>(path: string, body?: unknown): Promise<Answer>;
  calls(since?: number): Promise<readonly AwsCall[]>;
}

export function serverPathsAt(port: number): ServerPaths {
  const endpoint = `http://127.0.0.1:${port}`;
  const text = async (path: string, body?: unknown): Promise<string> => {
    const answer = await fetch(
      `${endpoint}/_sandbox/${path}`,
      body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
    );
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return await answer.text();
  };
  return {
    endpoint,
    ask: async <Answer>(path: string, body?: unknown) => JSON.parse(await text(path, body)) as Answer,
    calls: async (since = 0) =>
      (await text(`journal?since=${since}`))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AwsCall),
  };
}
