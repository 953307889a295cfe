import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { issue, makeAuthority } from '../../../../src/sandbox/control-plane/certificates.ts';
import { openCluster } from '../../../../src/tools/kube/cluster.ts';
import type { OpenCluster } from '../../../../src/tools/kube/cluster.ts';

type Reply = { readonly status?: number; readonly body?: unknown; after?(): void } | 'hang' | 'reset';

const clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
const things = {
  resources: [
    { name: 'things', kind: 'Thing', namespaced: true },
    { name: 'things/status', kind: 'Thing', namespaced: true },
  ],
};
const thing = (name: string, extra: object = {}) => ({
  apiVersion: 'acme.io/v1',
  kind: 'Thing',
  metadata: { name, namespace: 'a' },
  ...extra,
});

const always = { from: 0, until: Date.UTC(2100, 0) };
const authority = { ...makeAuthority('test', always), commonName: 'test' };
const credential = issue(authority, { commonName: 'api', names: ['127.0.0.1', 'k8s.example'] }, always);

let folder = '';
let address = '';
let routes: Record<string, Reply | ((request: IncomingMessage, body: string) => Reply)> = {};
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
const server = createServer({ key: credential.key, cert: credential.certificate }, (request, response) => {
  let body = '';
  request.on('data', (part) => (body += String(part)));
  request.on('end', () => {
    const url = request.url ?? '';
    seen.push({ method: request.method ?? '', url, headers: request.headers, body });
    const route = routes[`${request.method} ${url.split('?')[0]}`] ?? {
      status: 404,
      body: { reason: 'NotFound', message: `no ${url}` },
    };
    const reply = typeof route === 'function' ? route(request, body) : route;
    if (reply === 'reset') request.socket.destroy();
    else if (reply !== 'hang') {
      setImmediate(() => {
        reply.after?.();
        response
          .writeHead(reply.status ?? 200, { 'content-type': 'application/json' })
          .end(JSON.stringify(reply.body ?? {}));
      });
    }
  });
});
let open: OpenCluster[] = [];

async function cluster(options: Partial<Parameters<typeof openCluster>[0]> = {}): Promise<OpenCluster> {
  const opened = await openCluster({ kubeconfig: join(folder, 'config'), clock, version: '1.2.3', ...options });
  open.push(opened);
  return opened;
}

async function writeKubeconfig(url: string, more: object = {}, trusted = authority.certificate): Promise<void> {
  const config = {
    'current-context': 'x',
    clusters: [
      {
        name: 'c',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(trusted).toString('base64'), ...more },
      },
    ],
    users: [{ name: 'u', user: { token: 'sesame' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  };
  await writeFile(join(folder, 'config'), JSON.stringify(config));
}

// The package takes seconds to import on a busy machine: not at the cost of the first test.
beforeAll(() => import('@kubernetes/client-node'), 120_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'platform-kube-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeKubeconfig(address);
  routes = { 'GET /apis/acme.io/v1': { body: things } };
  seen = [];
});

afterEach(async () => {
  for (const opened of open) opened.close();
  open = [];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const paths = () => seen.map((request) => `${request.method} ${request.url}`);

describe('reading', () => {
  test('requests carry our user agent and the token', async () => {
    await (await cluster()).raw('/readyz?verbose');
    expect(seen[0]).toMatchObject({
      url: '/readyz?verbose=',
      headers: { 'user-agent': 'platform/1.2.3', authorization: 'Bearer sesame' },
    });
  });

  test('a kind that is missing is looked up again, one that is known is not', async () => {
    routes['GET /apis/acme.io/v1/namespaces/a/things/x'] = { body: thing('x') };
    const opened = await cluster();
    const reference = { apiVersion: 'acme.io/v1', kind: 'Thing', namespace: 'a', name: 'x' };
    await opened.get(reference);
    expect(await opened.get(reference)).toMatchObject({ metadata: { name: 'x' } });
    expect(await opened.get({ ...reference, kind: 'Other' })).toBeUndefined();
    expect(await opened.get({ ...reference, kind: 'Other' })).toBeUndefined();
    expect(paths().filter((path) => path === 'GET /apis/acme.io/v1')).toHaveLength(3);
    expect(await opened.list({ apiVersion: 'none.io/v1', kind: 'None' })).toEqual([]);
  });

  test('a list follows its pages and gives items their kind', async () => {
    routes['GET /apis/acme.io/v1/things'] = (request) =>
      request.url?.includes('continue=more') === true
        ? { body: { items: [{ metadata: { name: 'b' } }], metadata: {} } }
        : { body: { items: [{ metadata: { name: 'a' } }], metadata: { continue: 'more' } } };
    const items = await (await cluster()).list({ apiVersion: 'acme.io/v1', kind: 'Thing', labels: 'app=x' });
    expect(items).toMatchObject([
      { kind: 'Thing', metadata: { name: 'a' } },
      { kind: 'Thing', metadata: { name: 'b' } },
    ]);
    expect(paths()[1]).toContain('labelSelector=app%3Dx');
  });
});

describe('no answer', () => {
  test('a hanging server ends at the deadline', async () => {
    routes['GET /readyz'] = 'hang';
    const asked = (await cluster({ deadline: 50 })).raw('/readyz');
    await expect(asked).rejects.toMatchObject({
      code: 'UNREACHABLE',
      class: 'transient',
      facts: { reason: 'deadline' },
    });
  });

  test('an abort is passed on as it is', async () => {
    const controller = new AbortController();
    routes['GET /readyz'] = () => {
      controller.abort(new Error('cancelled'));
      return 'hang';
    };
    await expect((await cluster({ signal: controller.signal })).raw('/readyz')).rejects.toThrow('cancelled');
  });

  test('a closed port is refused', async () => {
    await writeKubeconfig('https://127.0.0.1:1');
    await expect((await cluster()).raw('/readyz')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      facts: { reason: 'ECONNREFUSED' },
    });
  });

  test('many requests take turns, and waiting for a turn does not count', async () => {
    let now = 0;
    let most = 0;
    routes['GET /slow'] = () => {
      now += 1;
      most = Math.max(most, now);
      return { after: () => (now -= 1) };
    };
    const opened = await cluster({ deadline: 1000 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => opened.raw('/slow')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('a kept connection that the server has closed is not an error', async () => {
    let first = true;
    routes['GET /livez'] = {};
    routes['GET /readyz'] = () => {
      if (!first) return {};
      first = false;
      return 'reset';
    };
    const opened = await cluster();
    await opened.raw('/livez');
    expect(await opened.raw('/readyz')).toMatchObject({ status: 200 });
  });

  test('a certificate of another authority is x509 and permanent', async () => {
    await writeKubeconfig(address, {}, makeAuthority('test', always).certificate);
    await expect((await cluster()).raw('/readyz')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      class: 'permanent',
      message: expect.stringContaining('x509'),
    });
  });

  test('a tunnel is judged by tls-server-name instead of its address', async () => {
    routes['GET /readyz'] = {};
    await writeKubeconfig(address, { 'tls-server-name': 'k8s.example' });
    expect(await (await cluster()).raw('/readyz')).toMatchObject({ status: 200 });
    await writeKubeconfig(address, { 'tls-server-name': 'other.example' });
    await expect((await cluster()).raw('/readyz')).rejects.toMatchObject({
      facts: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  test('a kubeconfig that is missing or broken is named', async () => {
    await expect(cluster({ kubeconfig: join(folder, 'none') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      facts: { file: join(folder, 'none') },
    });
    await writeKubeconfig(address, { 'proxy-url': 'http://127.0.0.1:1' });
    await expect(cluster()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('proxy-url'),
    });
    await writeFile(join(folder, 'config'), 'clusters: [');
    await expect(cluster()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('writing', () => {
  const expected = {
    server: 'https://old:6443',
    authority: createHash('sha256').update(new X509Certificate(authority.certificate).raw).digest('hex'),
    uid: 'uid-1',
  };

  test('an apply is strict, ours and not forced', async () => {
    routes['PATCH /apis/acme.io/v1/namespaces/a/things/x'] = (_, body) => ({ body: JSON.parse(body) });
    const object = thing('x', { spec: { unknown: { to: 'every model' } } });
    expect(await (await cluster()).apply(object)).toEqual(object);
    expect(paths()[1]).toBe(
      'PATCH /apis/acme.io/v1/namespaces/a/things/x?fieldManager=platform&fieldValidation=Strict',
    );
    expect(seen[1]?.headers['content-type']).toBe('application/apply-patch+yaml');
  });

  test('another cluster is refused before the first write (another UID)', async () => {
    routes['GET /api/v1/namespaces/kube-system'] = { body: { metadata: { name: 'kube-system', uid: 'uid-2' } } };
    const opened = await cluster({ expected });
    await expect(opened.apply(thing('x'))).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
      facts: { uid: 'uid-2', expectedUid: 'uid-1' },
    });
    await expect(opened.remove({ apiVersion: 'acme.io/v1', kind: 'Thing', name: 'x' })).rejects.toMatchObject({
      code: 'IDENTITY_MISMATCH',
    });
    expect(paths().every((path) => path.startsWith('GET '))).toBe(true);
  });

  test('the identity is proven once, and a changed address does not matter', async () => {
    routes['GET /api/v1/namespaces/kube-system'] = { body: { metadata: { name: 'kube-system', uid: 'uid-1' } } };
    routes['DELETE /apis/acme.io/v1/namespaces/a/things/x'] = {};
    const opened = await cluster({ expected });
    const reference = { apiVersion: 'acme.io/v1', kind: 'Thing', namespace: 'a', name: 'x' };
    await opened.remove(reference);
    await opened.remove({ ...reference, name: 'gone' });
    expect(paths().filter((path) => path.includes('kube-system'))).toHaveLength(1);
    expect(JSON.parse(seen.find((request) => request.method === 'DELETE')?.body ?? '')).toMatchObject({
      propagationPolicy: 'Background',
    });
  });

  test('an expired token is fetched again once', async () => {
    let answers = 0;
    routes['PATCH /apis/acme.io/v1/namespaces/a/things/x'] = () => ({
      status: (answers += 1) === 1 ? 401 : 200,
      body: thing('x'),
    });
    await (await cluster()).apply(thing('x'));
    expect(answers).toBe(2);
  });
});
