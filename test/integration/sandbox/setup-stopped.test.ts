import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

const main = fileURLToPath(new URL('../../../src/sandbox/control-plane/main.ts', import.meta.url));

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the making of the control plane, stopped by %s, leaves no unfinished folder, and says what next',
  async (signal) => {
    const folder = temporaryFolder();
    const [tools, cache] = [join(folder, 'tools'), join(folder, 'cache', 'platform', 'control-plane')];
    mkdirSync(tools);
    // A build that has begun and does not end.
    const begun = join(folder, 'begun');
    writeFileSync(join(tools, 'go'), `#!/bin/sh\ntouch '${begun}'\nexec sleep 600\n`, { mode: 0o755 });
    const child = spawn(process.execPath, ['--no-warnings', main], {
      // CI: nothing is downloaded.
      env: {
        PATH: `${tools}:${process.env['PATH'] ?? ''}`,
        HOME: folder,
        XDG_CACHE_HOME: join(folder, 'cache'),
        CI: '1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise((resolve) => child.once('close', (...how) => resolve(how)));
    await until('Go builds', () => existsSync(begun));
    expect(readdirSync(cache)).toHaveLength(1);
    child.kill(signal);
    expect(await ended, said).toEqual([4, null]);
    expect(said).toMatch(/go was stopped\nNext: run the same command again\n$/);
    expect(readdirSync(cache)).toEqual([]);
  },
);
