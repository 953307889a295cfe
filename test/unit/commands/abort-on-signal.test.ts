import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { abortOnSignal } from '../../../src/commands/abort-on-signal.ts';
import { doctor } from '../../../src/commands/doctor.ts';
import { plan } from '../../../src/commands/plan.ts';
import type { Host } from '../../../src/host.ts';
import { exampleText } from '../../helpers/configuration.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** A host that tells in which order it was asked to listen and to open; opening fails, so that nothing follows. */
function hostIn(folder: string) {
  const asked: string[] = [];
  const host = {
    environment: {},
    folder,
    home: '/home/me',
    program: fileURLToPath(new URL('../../..', import.meta.url)),
    stderr: { isTTY: false, columns: 0, write: () => undefined },
    async *signals() {
      asked.push('signals');
      yield 'SIGINT' as const;
    },
    open: async () => {
      asked.push('open');
      throw new Error('opened');
    },
  } as unknown as Host;
  return { asked, host };
}
const flags = { logLevel: 'info', color: false, parallel: 1 } as const;

test.each([
  ['plan', (host: Host) => plan(host, flags as never, 'up')],
  ['doctor', (host: Host) => doctor(host, flags as never)],
])('%s listens for signals before it opens what must be given back', async (_, command) => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/platform.yaml`, exampleText);
  const { asked, host } = hostIn(folder);
  await expect(command(host)).rejects.toThrow('opened');
  expect(asked).toEqual(['signals', 'open']);
});

test('the first signal aborts', async () => {
  const signal = abortOnSignal(hostIn('/').host);
  await new Promise((aborted) => signal.addEventListener('abort', aborted, { once: true }));
  expect(signal.aborted).toBe(true);
});
