// Builds dist/ with the compiler that the lockfile pins. Built beside and swapped in whole: a program that runs from dist/
// meanwhile loads either the old modules or the new ones, and a build that fails leaves the old one.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const fresh = `${dist}.new-${process.pid}`;
const old = `${dist}.old-${process.pid}`;

const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh], { stdio: 'inherit' });
if (status === 0) {
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
}
rmSync(fresh, { recursive: true, force: true });
rmSync(old, { recursive: true, force: true });
process.exitCode = status ?? 1;
