import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { describeSupply } from '../../../src/sandbox/supply/description.ts';
import { freePort } from '../../helpers/free-port.ts';
import { programRoot } from '../../helpers/small-supply.ts';
import { until } from '../../helpers/until.ts';

const description = await describeSupply(programRoot, '1.36.3', process.arch);
const item = description.programs.find(({ name }) => name === 'stand-in')!;
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'platform', 'supply');
const program = join(cache, 'programs', description.keyOf(item), item.name);
const made = existsSync(program);
if (!made)
  process.stderr.write('SKIPPED: the stand-in program is not built; node dist/sandbox/supply/main.js builds it\n');

test.skipIf(!made)(
  'the stand-in answers HTTP and HTTPS on one port, leaves a taken port alone, and ends when it is told',
  async () => {
    const port = await freePort();
    const child = spawn(program, ['--appendonly', 'yes'], {
      env: { STAND_IN_IMAGE: 'docker.io/library/redis', STAND_IN_PORTS: `${port},${port}`, STAND_IN_JOBS: 'admin' },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    onTestFinished(() => void child.kill('SIGKILL'));
    const plain = await until('an answer to HTTP', () =>
      fetch(`http://127.0.0.1:${port}/ping`).then(
        (answer) => answer.text(),
        () => undefined,
      ),
    );
    expect(plain).toMatch(/^stand-in for docker\.io\/library\/redis on \S+: GET \/ping$/m);
    const secure = await new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/livez', rejectUnauthorized: false }, ({ statusCode }) =>
        resolve(statusCode),
      ).on('error', reject);
    });
    expect(secure).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  },
);

test.skipIf(!made).each([
  ['under another name, as a probe by command starts it', 'sh', ['-c', 'redis-cli ping']],
  ['with the first argument of a job', 'stand-in', ['admin', 'redis-initial-password']],
])('it ends at once with 0 %s', (_, name, argv) => {
  const { status } = spawnSync(program, argv, {
    argv0: name,
    env: { STAND_IN_PORTS: '', STAND_IN_JOBS: 'admin' },
    timeout: 60_000,
  });
  expect(status).toBe(0);
});
