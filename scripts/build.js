// Builds dist/ with the compiler that the lockfile pins; old syntax is not needed: npm brings Node.js 24.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const result = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
process.exitCode = result.status ?? 1;
