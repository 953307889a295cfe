import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverPathsAt, type ServerPaths, startAwsServer } from './aws-server.ts';

export interface LocalAws extends ServerPaths {
  /** Everything alive that an empty account lacks, as `KIND ID`. */
  alive(): Promise<readonly string[]>;
  /** Nothing is left of it. */
  close(): Promise<void>;
}

/** The local AWS server in a process and a folder of its own, memory only. Needs `awsPython`. */
export async function startLocalAws(
  options: { readonly delay?: number; readonly seed?: object; readonly more?: readonly string[] } = {},
): Promise<LocalAws> {
  const folder = mkdtempSync(join(tmpdir(), 'platform-aws-'));
  const program = ['-m', 'platform_aws_sandbox'];
  const { delay = 0.1, seed = {}, more = [] } = options;
  const { child, port } = await startAwsServer({ folder, program, delay, seed, more });
  const paths = serverPathsAt(port);
  return {
    ...paths,
    async alive() {
      const { resources } = await paths.ask<{
        resources: readonly { kind: string; id: string; default?: boolean }[];
      }>('snapshot');
      return resources.filter((one) => one.default !== true).map(({ kind, id }) => `${kind} ${id}`);
    },
    async close() {
      const ended = new Promise((done) => child.once('exit', done));
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
