// `npm run sandbox`: the whole product on this machine. Starts the stand-ins, then runs the real `platform up` against them.
// `npm run sandbox:hosts` (root on Linux) names the environment whose machines are real hosts.
import { spawnSync } from 'node:child_process';

const platform = (...args) => spawnSync('node', ['bin/platform.js', ...args], { stdio: 'inherit' }).status ?? 1;

const words = process.argv.slice(2);
const hosts = words[0] === '--hosts';
const environment = ['--env', hosts ? 'hosts' : 'sandbox'];
process.exitCode =
  platform('sandbox', 'up', ...environment) || platform('up', ...environment, '--yes', ...words.slice(hosts ? 1 : 0));
