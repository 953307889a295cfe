import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createDownloads } from '../../src/tools/downloads.ts';
import { textFiles } from '../../src/tools/files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('of several files that cannot be had the first is told, also when a later one is refused earlier', async () => {
  const server = createServer((request, response) => {
    response.statusCode = 404;
    if (request.url === '/second.yaml') response.end(() => held?.end());
    else held = response;
  });
  let held: { end(): void } | undefined;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pins = ['first', 'second'].map((name) => ({ url: `${at}/${name}.yaml`, sha256: '00' }));
  const downloads = createDownloads({ files: textFiles, folder: temporaryFolder() });
  await expect(downloads.objects(pins, new AbortController().signal)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: `${at}/first.yaml answers 404`,
  });
});
