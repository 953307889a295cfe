import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { environment } from '../helpers/environment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const script = fileURLToPath(new URL('../../ansible/roles/etcd_backup/files/etcd-backup.py', import.meta.url));
const secret = 'fixture-secret';
const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const sign = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** Signature Version 4 as S3 computes it, from what arrived: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. */
function isSigned(request: IncomingMessage): boolean {
  const given = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)/.exec(
    request.headers.authorization ?? '',
  );
  if (given === null) return false;
  const [, scope = '', names = '', signature] = given;
  const url = new URL(request.url ?? '/', 'http://host');
  const query = url.search.slice(1).split('&').toSorted().join('&');
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name])}\n`);
  const content = String(request.headers['x-amz-content-sha256']);
  const canonical = [request.method, url.pathname, query, headers.join(''), names, content].join('\n');
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(sign, `AWS4${secret}`);
  return sign(key, text).toString('hex') === signature;
}

interface Stored {
  body: Buffer;
  changed: string;
}

/** A bucket and an instance role on loopback; `spoil` makes it keep one byte less than it was sent. */
async function startService(objects: Map<string, Stored>, spoil = false) {
  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://host');
    const role = '/latest/meta-data/iam/security-credentials/';
    if (url.pathname === '/latest/api/token') return response.end('metadata-token');
    if (url.pathname === role) return response.end('node-role');
    if (url.pathname === `${role}node-role`) {
      if (request.headers['x-aws-ec2-metadata-token'] !== 'metadata-token') return response.writeHead(401).end();
      return response.end(JSON.stringify({ AccessKeyId: 'AK', SecretAccessKey: secret, Token: 'session' }));
    }
    if (!isSigned(request) || request.headers['x-amz-security-token'] !== 'session')
      return response.writeHead(403).end('SignatureDoesNotMatch');
    const key = decodeURIComponent(url.pathname).replace(/^\/bucket\/?/, '');
    if (request.method === 'PUT') {
      if (hash(body) !== request.headers['x-amz-content-sha256']) return response.writeHead(400).end('BadDigest');
      // A server that reads forms takes such a body for one, and stores nothing.
      if (request.headers['content-type'] !== 'application/octet-stream') return response.writeHead(415).end();
      objects.set(key, { body: spoil ? body.subarray(1) : body, changed: new Date().toISOString() });
      return response.end();
    }
    if (request.method === 'DELETE') return response.writeHead(objects.delete(key) ? 204 : 404).end();
    if (request.method === 'HEAD')
      return response.writeHead(200, { 'content-length': objects.get(key)?.body.length }).end();
    const found = [...objects].filter(([name]) => name.startsWith(url.searchParams.get('prefix') ?? ''));
    const rows = found.map(
      ([name, { changed }]) => `<Contents><Key>${name}</Key><LastModified>${changed}</LastModified></Contents>`,
    );
    return response.end(
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rows.join('')}</ListBucketResult>`,
    );
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => answer(request, response, Buffer.concat(parts)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A node with an etcd container: `crictl` that answers as the real one does for the calls of the script. */
function makeNode(options: { leader: number; keys?: number }) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'bin'));
  const status = JSON.stringify({ hash: 1, revision: 7, totalKey: options.keys ?? 3, totalSize: 5 });
  const endpoint = JSON.stringify([{ Status: { leader: options.leader, header: { member_id: 11 } } }]);
  writeFileSync(
    join(folder, 'bin/crictl'),
    [
      '#!/bin/sh',
      'case "$*" in',
      `  ps*) echo '{"containers": [{"id": "c1"}]}' ;;`,
      `  *"endpoint status"*) echo '${endpoint}' ;;`,
      '  *"snapshot save"*) for last; do :; done; printf snapshot > "$last" ;;',
      `  *"snapshot status"*) echo '${status}' ;;`,
      '  *) exit 9 ;;',
      'esac',
      '',
    ].join('\n'),
  );
  chmodSync(join(folder, 'bin/crictl'), 0o755);
  return folder;
}

async function backUp(folder: string, service: string) {
  const env = {
    PATH: `${folder}/bin:${environment['PATH']}`,
    BACKUP_BUCKET: 'bucket',
    BACKUP_PREFIX: 'c-dev-abcde/etcd/',
    BACKUP_NODE: 'k8s-master',
    BACKUP_STATE: join(folder, 'state.json'),
    BACKUP_CERTIFICATES: '/certificates',
    BACKUP_DATA_DIRECTORY: join(folder, 'etcd'),
    AWS_REGION: 'ap-northeast-2',
    AWS_ENDPOINT_URL_S3: service,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: service,
  };
  return await new Promise<{ code: number; said: Record<string, unknown> }>((resolve) => {
    execFile('python3', [script], { env, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({
        code: error === null ? 0 : Number(error.code),
        said: JSON.parse(stdout || stderr) as Record<string, unknown>,
      });
    });
  });
}

const old = (days: number): Stored => ({
  body: Buffer.from('x'),
  changed: new Date(Date.UTC(2020, 0, 30 - days)).toISOString(),
});

test('a snapshot is stored with the instance role, proven to have arrived, and nothing is ever deleted', async () => {
  const objects = new Map([
    ['c-dev-abcde/etcd/1.db', old(3)],
    ['c-dev-abcde/etcd/2.db', old(2)],
    ['c-dev-abcde/etcd/note.txt', old(9)],
    ['c-dev-other/etcd/1.db', old(9)],
  ]);
  const folder = makeNode({ leader: 11 });
  const { code, said } = await backUp(folder, await startService(objects));
  expect({ code, said }).toMatchObject({
    code: 0,
    said: { status: 'stored', bytes: 8, revision: 7, sha256: hash('snapshot') },
  });
  expect(objects.get(String(said['key']))?.body.toString()).toBe('snapshot');
  expect([...objects.keys()].toSorted()).toEqual(
    [
      'c-dev-abcde/etcd/1.db',
      'c-dev-abcde/etcd/2.db',
      'c-dev-abcde/etcd/note.txt',
      'c-dev-other/etcd/1.db',
      String(said['key']),
    ].toSorted(),
  );
  expect(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))).toMatchObject({
    status: 'stored',
    key: said['key'],
  });
  expect(existsSync(join(folder, 'etcd/platform-snapshot/snapshot.db'))).toBe(false);
});

test('a member that does not lead stores nothing', async () => {
  const objects = new Map<string, Stored>();
  const ended = await backUp(makeNode({ leader: 12 }), await startService(objects));
  expect({ ...ended, objects: objects.size }).toEqual({ code: 0, said: { status: 'not-leader' }, objects: 0 });
});

test('an empty snapshot is not a backup', async () => {
  const objects = new Map<string, Stored>();
  const folder = makeNode({ leader: 11, keys: 0 });
  const { code, said } = await backUp(folder, await startService(objects));
  expect({ code, status: said['status'], objects: objects.size }).toEqual({ code: 1, status: 'failed', objects: 0 });
  expect(String(said['because'])).toContain('the snapshot holds nothing');
  expect(existsSync(join(folder, 'state.json'))).toBe(false);
});

test('an object that differs from what was sent fails, and older ones stay', async () => {
  const objects = new Map([1, 2, 3, 4].map((day) => [`c-dev-abcde/etcd/${day}.db`, old(day)] as const));
  const { code, said } = await backUp(makeNode({ leader: 11 }), await startService(objects, true));
  expect({ code, objects: objects.size }).toEqual({ code: 1, objects: 5 });
  expect(String(said['because'])).toContain('differs from the snapshot that was sent');
});
