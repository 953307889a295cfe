import { spawn } from 'node:child_process';
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

export interface LocalAws {
  readonly endpoint: string;
  /** The server's own paths: POST when there is a body. */
  ask<Answer>(path: string, body?: unknown): Promise<Answer>;
  /** Everything alive that an empty account lacks, as `KIND ID`. */
  alive(): Promise<readonly string[]>;
  calls(since?: number): Promise<readonly AwsCall[]>;
  close(): Promise<void>;
}

/** The local AWS server in a process of its own, memory only. Needs `awsPython`. */
export async function startLocalAws(
  folder: string,
  options: { readonly delay?: number; readonly seed?: object; readonly more?: readonly string[] } = {},
): Promise<LocalAws> {
  const home = join(folder, 'aws');
  mkdirSync(home, { recursive: true });
  const [portFile, seedFile] = [join(home, 'port.json'), join(home, 'seed.json')];
  writeFileSync(seedFile, JSON.stringify(options.seed ?? {}));
  const words = ['--port-file', portFile, '--delay', String(options.delay ?? 0.1), '--seed', seedFile];
  const server = spawn(awsPython ?? '', ['-m', 'platform_aws_sandbox', ...words, ...(options.more ?? [])], {
    env: {
      PATH: env['PATH'],
      HOME: home,
      PYTHONPATH: fileURLToPath(new URL('../../sandbox/aws', import.meta.url)),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const started = await until(
    'the local AWS server answers',
    () => {
      try {
        return readFileSync(portFile, 'utf8');
      } catch {
        return '';
      }
    },
    60_000,
  );
  const endpoint = `http://127.0.0.1:${(JSON.parse(started) as { port: number }).port}`;
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
    async alive() {
      const { resources } = JSON.parse(await text('snapshot')) as {
        resources: readonly { kind: string; id: string; default?: boolean }[];
      };
      return resources.filter((one) => one.default !== true).map(({ kind, id }) => `${kind} ${id}`);
    },
    calls: async (since = 0) =>
      (await text(`journal?since=${since}`))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AwsCall),
    async close() {
      const ended = new Promise((done) => server.once('exit', done));
      if (server.exitCode === null && server.kill('SIGKILL')) await ended;
    },
  };
}
