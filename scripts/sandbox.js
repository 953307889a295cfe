// `npm run sandbox`: the whole product on this machine. Starts the stand-ins, then runs the real `platform up` against them.
import { spawnSync } from 'node:child_process';

const platform = (...args) => spawnSync('node', ['bin/platform.js', ...args], { stdio: 'inherit' }).status ?? 1;

process.exitCode = platform('sandbox', 'up') || platform('up', '--env', 'sandbox', '--yes', ...process.argv.slice(2));
