import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decode, encode } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issue, makeAuthority } from '../../src/sandbox/control-plane/certificates.ts';
import { createNetwork } from '../../src/tools/network.ts';

const zone: Readonly<Record<string, string>> = { 'app.example.com': '127.0.0.1', 'api.example.com': '127.0.0.1' };
const always = { from: 0, until: Date.UTC(2100, 0) };
const credential = issue(
  { ...makeAuthority('nobody trusts me', always), commonName: 'nobody trusts me' },
  { commonName: 'x', names: ['other.example.com'] },
  always,
);
const seen: string[] = [];

const pages: RequestListener = (request, response) => {
  seen.push(`${request.headers.host}${request.url}`);
  if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else if (request.url === '/old') response.writeHead(301, { location: 'https://api.example.com/new?x=1' }).end();
  else if (request.url === '/big') response.end('x'.repeat(200_000));
  else if (request.url !== '/hang') response.end(`served ${request.headers.host}`);
};

const dns = createSocket('udp4', (message, from) => {
  const query = decode(message);
  const question = query.questions?.[0];
  const address = question?.type === 'A' ? zone[question.name.toLowerCase()] : undefined;
  const answers =
    question !== undefined && address !== undefined
      ? [{ type: 'A' as const, name: question.name, ttl: 1, data: address }]
      : [];
  if (question?.name === 'silent.example.com') return;
  // NXDOMAIN is 3 (RFC 1035, 4.1.1).
  dns.send(
    encode({
      type: 'response',
      id: query.id ?? 0,
      flags: answers.length === 0 ? 3 : 0,
      questions: query.questions ?? [],
      answers,
    }),
    from.port,
    from.address,
  );
});
const plain = createServer(pages);
const tls = createTlsServer({ key: credential.key, cert: credential.certificate }, pages);
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
const { signal } = new AbortController();

let servers: string[] = [];
let network = createNetwork();

beforeAll(async () => {
  await new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
  servers = [`127.0.0.1:${portOf(dns)}`];
  network = createNetwork({ connectTo: { 80: portOf(plain), 443: portOf(tls) }, deadline: 1000 });
});

afterAll(async () => {
  plain.closeAllConnections();
  tls.closeAllConnections();
  await Promise.all(
    [plain, tls, dns].map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
  );
});

describe('resolve', () => {
  test('asks the given server, and an unknown name is an empty answer', async () => {
    expect(await network.resolve('app.example.com', servers, signal)).toEqual(['127.0.0.1']);
    expect(await network.resolve('gone.example.com', servers, signal)).toEqual([]);
  });

  test('a name server given by name is looked up first', async () => {
    expect(await network.resolve('app.example.com', [`localhost:${portOf(dns)}`], signal)).toEqual(['127.0.0.1']);
  });

  test('an abort ends a question that nobody answers', async () => {
    const controller = new AbortController();
    const asked = network.resolve('silent.example.com', servers, controller.signal);
    setImmediate(() => controller.abort(new Error('cancelled')));
    await expect(asked).rejects.toThrow('cancelled');
  });
});

describe('request', () => {
  test('goes to the mapped port under the name of the URL', async () => {
    expect(await network.request('http://app.example.com/', { servers, redirects: 0, signal })).toEqual({
      status: 200,
      url: 'http://app.example.com/',
      body: 'served app.example.com',
    });
  });

  test('follows a redirect to https, whose certificate is not judged', async () => {
    const page = await network.request('http://app.example.com/old', { servers, redirects: 1, signal });
    expect(page).toEqual({ status: 200, url: 'https://api.example.com/new?x=1', body: 'served api.example.com' });
    expect(seen.slice(-2)).toEqual(['app.example.com/old', 'api.example.com/new?x=1']);
  });

  test('catalogue F6: a redirect loop ends with the redirect', async () => {
    const before = seen.length;
    expect(await network.request('http://app.example.com/loop', { servers, redirects: 5, signal })).toMatchObject({
      status: 302,
    });
    expect(seen.length - before).toBe(6);
  });

  test('a large body is cut', async () => {
    expect((await network.request('http://app.example.com/big', { servers, redirects: 0, signal })).body).toHaveLength(
      65_536,
    );
  });

  test('a name that does not resolve, a closed port and silence are transient', async () => {
    const ask = (url: string) => network.request(url, { servers, redirects: 0, signal });
    await expect(ask('http://gone.example.com/')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      class: 'transient',
      facts: { reason: 'ENOTFOUND' },
    });
    await expect(ask('http://app.example.com:1/')).rejects.toMatchObject({ facts: { reason: 'ECONNREFUSED' } });
    await expect(ask('http://app.example.com/hang')).rejects.toMatchObject({
      message: expect.stringContaining('within 1 s'),
    });
  });
});
