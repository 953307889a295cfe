import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process, { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describeBuild, programsIn } from '../../src/sandbox/control-plane/description.ts';
import type { ProgramRunner } from '../../src/sandbox/control-plane/programs.ts';
import { programFolders } from '../../src/tools/program-folder.ts';
import type { WritableTextFiles } from '../../src/tools/ports.ts';

/** The programs that this checkout's sources describe, as the cache holds them. */
export async function cachedPrograms() {
  const description = await describeBuild(
    programFolders,
    fileURLToPath(new URL('../../sandbox/control-plane', import.meta.url)),
  );
  const cache = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const found = await programsIn(programFolders, join(cache, 'platform', 'control-plane', description.key));
  return { description, found };
}

/** Plain children of the test process; `pids` are all that were ever started. */
export function childRunner(): ProgramRunner & { readonly pids: number[] } {
  const ended = new Map<number, Promise<string>>();
  const pids: number[] = [];
  return {
    pids,
    async startProgram({ argv, env, log }) {
      mkdirSync(dirname(log), { recursive: true });
      const output = openSync(log, 'a');
      const [program = '', ...rest] = argv;
      const child = spawn(program, rest, { env, stdio: ['ignore', output, output] });
      closeSync(output);
      const end = new Promise<string>((resolve) => {
        child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      });
      await new Promise((resolve, reject) => {
        child.on('spawn', resolve);
        child.on('error', reject);
      });
      const pid = child.pid ?? 0;
      pids.push(pid);
      ended.set(pid, end);
      return { pid, ended: end };
    },
    async stopProgram(pid, signal) {
      if (isAlive(pid)) process.kill(pid, signal);
      await ended.get(pid);
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Text files on the real disk, without the durability that the product's own adapter adds. */
export const plainFiles: WritableTextFiles = {
  read: async (path) => readFile(path, 'utf8').catch(() => undefined),
  list: async (folder) => readdir(folder).catch(() => []),
  async write(path, text, mode = 0o644) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, text, { mode });
    await rename(`${path}.new`, path);
  },
  remove: (path) => rm(path, { force: true }),
};

/** Loopback ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
