import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';

const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'platform');

function newest(folder: string, file: string): string | undefined {
  const base = join(cache, folder);
  if (!existsSync(base)) return undefined;
  return readdirSync(base)
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(base, name, file))
    .find((path) => existsSync(path));
}

function exactly(folder: string, key: string, file: string): string | undefined {
  const path = join(cache, folder, key, file);
  return existsSync(path) ? path : undefined;
}

/** There may be several environments: linters have one of their own. */
const requirements = readFileSync(new URL('../../sandbox/requirements.txt', import.meta.url));
const requirementsKey = createHash('sha256').update(requirements).digest('hex').slice(0, 12);

/** Programs that `npm run setup` puts into the cache; undefined where that has not happened. */
export const helmProgram = newest('kubectl-layer', 'helm');
export const kubectlProgram = newest('kubectl-layer', 'kubectl');

/** A Python that has the requirements of the local AWS server: the cache's, or the machine's where it happens to fit. */
export const awsPython =
  exactly('python', requirementsKey, join('bin', 'python')) ??
  (spawnSync('python3', ['-c', 'import moto, werkzeug'], { timeout: 20_000 }).status === 0 ? 'python3' : undefined);
