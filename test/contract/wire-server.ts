import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { awsPython } from '../helpers/tool-caches.ts';
import { until } from '../helpers/until.ts';

/** One call as the server's journal has it. */
export interface JournaledCall {
  readonly n: number;
  readonly service: string;
  readonly action: string;
  readonly write: boolean;
  readonly status: number;
  readonly code?: string;
}

export interface WireServer {
  readonly endpoint: string;
  control(method: 'GET' | 'POST' | 'DELETE', path: string, value?: unknown): Promise<string>;
  /** Moves the held clock on by one change that takes time. */
  pass(): Promise<void>;
  /** Calls since that number. */
  calls(since: number): Promise<readonly JournaledCall[]>;
  stop(): Promise<void>;
}

export const wireRegion = 'ap-northeast-2';
const delay = 3;

/** A local AWS server whose clock is held, with quotas that leave room for many accounts' worth of things. */
export async function startWireServer(): Promise<WireServer> {
  const folder = await mkdtemp(join(tmpdir(), 'platform-estate-'));
  const portFile = join(folder, 'port.json');
  const quotas = { 'L-1216C47A': 4000, 'L-0263D0A3': 400, 'L-F678F1CE': 400 };
  await writeFile(join(folder, 'seed.json'), JSON.stringify({ region: wireRegion, quotas }));
  const arguments_ = ['--port-file', portFile, '--delay', String(delay), '--seed', join(folder, 'seed.json')];
  const server: ChildProcess = spawn(awsPython ?? '', ['-m', 'platform_aws_sandbox', ...arguments_], {
    env: {
      PATH: env['PATH'],
      HOME: folder,
      PYTHONPATH: fileURLToPath(new URL('../../sandbox/aws', import.meta.url)),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const started = await until('the local AWS server answers', () => readFile(portFile, 'utf8').catch(() => ''), 60_000);
  const endpoint = `http://127.0.0.1:${(JSON.parse(started) as { port: number }).port}`;
  const control: WireServer['control'] = async (method, path, value) => {
    const body = value === undefined ? {} : { body: JSON.stringify(value) };
    const answer = await fetch(`${endpoint}/_sandbox/${path}`, { method, ...body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return text;
  };
  await control('POST', 'clock', { hold: true });
  return {
    endpoint,
    control,
    pass: async () => {
      await control('POST', 'clock', { advance: delay + 0.1 });
    },
    calls: async (since) =>
      (await control('GET', `journal?since=${since}`))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as JournaledCall),
    stop: async () => {
      if (server.exitCode === null) {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGKILL');
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
