import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRegistries } from '../../src/tools/registries.ts';
import { freePort } from '../helpers/free-port.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
}

/** A registry on loopback, with a record of what it was asked. */
async function registry(answer: (request: IncomingMessage, response: ServerResponse, host: string) => void) {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    const { authorization, accept } = request.headers;
    seen.push({ method: request.method ?? '', url: request.url ?? '', authorization, accept });
    answer(request, response, host);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => new Promise<void>((closed) => void server.close(() => closed())));
  onTestFinished(() => server.closeAllConnections());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, seen };
}

const ends = (status: number) => (_: unknown, response: ServerResponse) => void response.writeHead(status).end();
const never = new AbortController().signal;
const ask = (
  images: readonly string[],
  options: Partial<Parameters<typeof createRegistries>[0]> = {},
  signal = never,
) => createRegistries({ mirrors: {}, ...options }).lookUp(images, signal);

describe('an image', () => {
  test('that is there is found by one HEAD, which takes every format of a manifest', async () => {
    const { host, seen } = await registry(ends(200));
    expect(await ask([`${host}/a/b:1`])).toEqual([{ image: `${host}/a/b:1`, registry: host, is: 'found' }]);
    expect(seen).toMatchObject([{ method: 'HEAD', url: '/v2/a/b/manifests/1' }]);
    expect(seen[0]?.accept).toContain('application/vnd.oci.image.index.v1+json');
  });

  test.each([
    [404, { is: 'missing', because: 'it has no a with 1' }],
    [403, { is: 'refused', because: 'it refuses an anonymous pull (403)' }],
    [429, { is: 'unknown', because: 'it was asked too often (429)', unreachable: false }],
    [500, { is: 'unknown', because: 'it answers 500', unreachable: false }],
  ])('%i', async (status, answer) => {
    const { host } = await registry(ends(status));
    expect(await ask([`${host}/a:1`])).toEqual([{ image: `${host}/a:1`, registry: host, ...answer }]);
  });

  test('that is none is missing, and nobody is asked', async () => {
    expect(await ask(['Not an image'])).toMatchObject([{ is: 'missing' }]);
  });

  test('behind a token: it is fetched without credentials, once for a scope, and sent along', async () => {
    const { host, seen } = await registry((request, response, own) => {
      if (request.url?.startsWith('/token')) {
        const { searchParams } = new URL(request.url, `http://${own}`);
        response.end(JSON.stringify({ token: `for ${searchParams.get('scope')} at ${searchParams.get('service')}` }));
      } else if (request.headers.authorization === undefined)
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="http://${own}/token",service="here",scope="repository:a:pull"`,
          })
          .end();
      else response.writeHead(request.url?.endsWith('/1') ? 200 : 404).end();
    });
    const answers = await ask([`${host}/a:1`, `${host}/a:2`]);
    expect(answers.map(({ is }) => is)).toEqual(['found', 'missing']);
    expect(seen.filter(({ url }) => url.startsWith('/token'))).toMatchObject([
      { method: 'GET', authorization: undefined },
    ]);
    expect(seen.filter(({ authorization }) => authorization === 'Bearer for repository:a:pull at here')).toHaveLength(
      2,
    );
  });

  test('that even a token does not open is refused', async () => {
    const { host } = await registry((request, response, own) => {
      if (request.url?.startsWith('/token')) response.writeHead(401).end();
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${own}/token"` }).end();
    });
    expect(await ask([`${host}/a:1`])).toMatchObject([{ is: 'refused' }]);
  });

  test('is asked for by GET where HEAD is not known', async () => {
    const { host, seen } = await registry((request, response) =>
      response.writeHead(request.method === 'HEAD' ? 405 : 200).end(),
    );
    expect(await ask([`${host}/a:1`])).toMatchObject([{ is: 'found' }]);
    expect(seen.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test('is followed to another host, which is not given the token', async () => {
    const far = await registry(ends(200));
    const { host } = await registry((request, response, own) => {
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ access_token: 'secret' }));
      else if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${own}/token"` }).end();
      else response.writeHead(307, { location: `http://${far.host}${request.url}` }).end();
    });
    expect(await ask([`${host}/a:1`])).toMatchObject([{ is: 'found' }]);
    expect(far.seen).toMatchObject([{ url: '/v2/a/manifests/1', authorization: undefined }]);
  });

  test('is asked for at the mirror of its registry', async () => {
    const { host, seen } = await registry(ends(200));
    const mirrors = { 'registry.invalid': `http://${host}/pull/` };
    expect(await ask(['registry.invalid/a:1'], { mirrors })).toMatchObject([{ is: 'found', registry: host }]);
    expect(seen).toMatchObject([{ url: '/pull/v2/a/manifests/1?ns=registry.invalid' }]);
  });
});

describe('nobody answers', () => {
  test('a dead registry is asked once, and the others still answer', async () => {
    const { host } = await registry(ends(200));
    const dead = `127.0.0.1:${await freePort()}`;
    const images = [...Array.from({ length: 20 }, (_, index) => `${dead}/a:${index}`), `${host}/a:1`];
    const answers = await ask(images);
    expect(answers.slice(0, 20)).toEqual(
      images.slice(0, 20).map((image) => ({
        image,
        registry: dead,
        is: 'unknown',
        because: expect.stringContaining('ECONNREFUSED'),
        unreachable: true,
      })),
    );
    expect(answers[20]).toMatchObject({ is: 'found' });
  });

  test('who takes the connection and says nothing is not waited for beyond the deadline', async () => {
    const silent = createSocketServer((socket) => {
      onTestFinished(() => void socket.destroy());
    });
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void silent.close());
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect(await ask([`${host}/a:1`, `${host}/a:2`], { within: 300 })).toMatchObject([
      { is: 'unknown', because: 'no answer within 0.3 s', unreachable: false },
      { is: 'unknown', because: 'no answer within 0.3 s', unreachable: false },
    ]);
  });

  test('a connection that does not come about is given up soon, and not tried for each image', async () => {
    let connections = 0;
    // A mirror in TLS whose other end never speaks it: the connection is never there.
    const silent = createSocketServer((socket) => {
      connections += 1;
      onTestFinished(() => void socket.destroy());
    });
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void silent.close());
    const mirrors = { 'registry.invalid': `https://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const images = Array.from({ length: 40 }, (_, index) => `registry.invalid/a:${index}`);
    const answers = await ask(images, { mirrors, connectWithin: 200 });
    expect(new Set(answers.map((one) => one.is === 'unknown' && one.because))).toEqual(
      new Set(['no connection within 0.2 s']),
    );
    // Those that were asked side by side.
    expect(connections).toBeLessThanOrEqual(8);
  });

  test('Ctrl-C ends it', async () => {
    const abort = new AbortController();
    const { host } = await registry(() => abort.abort(new Error('stopped')));
    await expect(ask([`${host}/a:1`], {}, abort.signal)).rejects.toThrow('stopped');
  });
});
