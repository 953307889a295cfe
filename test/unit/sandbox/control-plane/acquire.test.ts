import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import { acquirePrograms } from '../../../../src/sandbox/control-plane/acquire.ts';
import type { AcquireRequest } from '../../../../src/sandbox/control-plane/acquire-types.ts';
import { describeBuild } from '../../../../src/sandbox/control-plane/description.ts';
import { programs } from '../../../../src/sandbox/control-plane/programs.ts';
import { makeUnfinished } from '../../../../src/sandbox/control-plane/unfinished.ts';
import { programFolders } from '../../../../src/tools/program-folder.ts';
import { systemProcessTable } from '../../../../src/tools/process-table.ts';
import { systemClock } from '../../../../src/tools/clock.ts';
import type { Command, Exit, Processes } from '../../../../src/tools/ports.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const table = systemProcessTable(process.pid, process.platform);
const nowhere = 'http://127.0.0.1:9';
const ok: Exit = { code: 0, signal: null, tail: [], stdout: '', log: '' };

/** A description of its own, so that no real cache and no real version is involved. */
function world(answer: (command: Command) => Exit = () => Promise.reject(new Error('no tool is expected')) as never) {
  const folder = temporaryFolder();
  const source = join(folder, 'source');
  mkdirSync(source);
  for (const name of ['go.mod', 'go.sum', 'main.go']) writeFileSync(join(source, name), name);
  const description = {
    kubernetes: '1.2.3',
    etcd: '4.5.6',
    kwok: '0.7.8',
    environment: { CGO_ENABLED: '0' },
    arguments: ['-trimpath'],
  };
  writeFileSync(join(source, 'build.json'), JSON.stringify(description));
  const asked: Command[] = [];
  const processes: Processes = {
    run: async (command) => {
      asked.push(command);
      return answer(command);
    },
  };
  const notes: string[] = [];
  const request: AcquireRequest = {
    cache: join(folder, 'cache'),
    source,
    noDownload: 'the test says so',
    sites: { kubernetes: nowhere, etcd: nowhere, kwok: nowhere, kwokDigests: nowhere },
    platform: 'linux',
    architecture: 'x64',
    environment: { PATH: '/nowhere' },
    signal: new AbortController().signal,
    note: (text) => void notes.push(text),
  };
  const acquire = (changes: Partial<AcquireRequest> = {}) =>
    acquirePrograms(
      { processes, table, files: programFolders, clock: systemClock, fetch: globalThis.fetch },
      { ...request, ...changes },
    );
  return {
    folder,
    request,
    asked,
    notes,
    acquire,
    key: () => describeBuild(programFolders, source).then(({ key }) => key),
  };
}

function putProgram(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `I am ${name}`);
  chmodSync(join(folder, name), 0o755);
}

const goMissing = (): Exit => {
  throw new PlatformError('TOOL_MISSING', { message: 'go was not found' });
};

test('the cache comes first, and asks nobody', async () => {
  const { request, acquire, asked, key } = world();
  putProgram(join(request.cache, await key()), 'control-plane');
  const acquired = await acquire({ folder: '/unused' });
  expect(acquired.from).toBe('cache');
  expect(acquired.programs.etcd).toStrictEqual([join(request.cache, await key(), 'control-plane'), 'etcd']);
  expect(asked).toStrictEqual([]);
});

test('any change of the sources is another cache folder', async () => {
  const { request, key } = world();
  const before = await key();
  expect(before).toMatch(/^1\.2\.3-[0-9a-f]{12}$/);
  writeFileSync(join(request.source, 'go.sum'), 'changed');
  expect(await key()).not.toBe(before);
});

test('a named folder is used when its version fits', async () => {
  const { folder, acquire, asked } = world(() => ({ ...ok, stdout: 'Kubernetes v1.2.9\n' }));
  const named = join(folder, 'named');
  for (const name of programs) putProgram(named, name);
  const acquired = await acquire({ folder: named });
  expect(acquired).toMatchObject({ from: 'folder', programs: { kwok: [join(named, 'kwok')] } });
  expect(asked.map((command) => command.argv)).toStrictEqual([[join(named, 'kube-apiserver'), '--version']]);
});

test.each([
  ['another minor version', 'Kubernetes v1.20.9\n', [...programs], 'not of 1.2'],
  ['a program that is missing', '', ['etcd', 'kwok'], 'lacks kube-apiserver, kube-controller-manager, kube-scheduler'],
])('a named folder is not used for %s', async (_, said, present, because) => {
  const { folder, acquire } = world((command) => (command.tool === 'go' ? goMissing() : { ...ok, stdout: said }));
  const named = join(folder, 'named');
  for (const name of present) putProgram(named, name);
  await expect(acquire({ folder: named })).rejects.toThrow(because);
});

test('when nothing works, one error names all four ways', async () => {
  const { acquire, request } = world(goMissing);
  const error = await acquire({ noDownload: 'CI is set' }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'SANDBOX_FAILED' });
  expect(String(error)).toMatch(
    /the cache: .*; PLATFORM_CONTROL_PLANE: not set; the official releases: not asked, because CI is set; a build with Go: go is not on PATH/,
  );
  expect(readdirSync(request.cache)).toStrictEqual([]);
});

test('Go builds into the cache with the recorded flags, and tells its progress', async () => {
  const { acquire, asked, notes, request, key } = world((command) => {
    if (command.argv[1] === 'list') return { ...ok, stdout: 'a\nb\n' };
    command.onLine?.('a', 'stderr');
    putProgram(join(command.argv[command.argv.indexOf('-o') + 1] ?? '', '..'), 'control-plane');
    return ok;
  });
  const acquired = await acquire();
  const folder = join(request.cache, await key());
  expect(acquired).toMatchObject({ from: 'build', programs: { kwok: [join(folder, 'control-plane'), 'kwok'] } });
  expect(asked[1]).toMatchObject({ cwd: request.source, env: { PATH: '/nowhere', CGO_ENABLED: '0' } });
  expect(asked[1]?.argv).toStrictEqual(['go', 'build', '-v', '-trimpath', '-o', expect.any(String), '.']);
  expect(notes.at(-1)).toMatch(/building the control plane with Go/);
  expect(readdirSync(request.cache)).toStrictEqual([await key()]);
});

test('a failed build leaves nothing and says the last words', async () => {
  const { acquire, request } = world((command) =>
    command.argv[1] === 'list' ? ok : { ...ok, code: 1, tail: ['main.go:1: no'] },
  );
  await expect(acquire()).rejects.toThrow('go build: exit code 1: main.go:1: no');
  expect(readdirSync(request.cache)).toStrictEqual([]);
});

/** The official sites on loopback. `spoil` changes what is served under a path. */
async function releases(spoil: (path: string, content: Buffer) => Buffer = (_, content) => content) {
  const sha = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  const served = new Map<string, Buffer>();
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
    const content = Buffer.from(`official ${name}`);
    served.set(`/k8s/v1.2.3/bin/linux/amd64/${name}`, content);
    served.set(`/k8s/v1.2.3/bin/linux/amd64/${name}.sha256`, Buffer.from(sha(content)));
  }
  const archive = gzipSync(
    Buffer.concat([
      tarFile('etcd-v4.5.6-linux-amd64/README.md', 'x'.repeat(700)),
      tarFile('etcd-v4.5.6-linux-amd64/etcd', 'official etcd'),
    ]),
  );
  served.set('/etcd/v4.5.6/etcd-v4.5.6-linux-amd64.tar.gz', archive);
  served.set(
    '/etcd/v4.5.6/SHA256SUMS',
    Buffer.from(`${'0'.repeat(64)}  etcd-v4.5.6-linux-arm64.tar.gz\n${sha(archive)}  etcd-v4.5.6-linux-amd64.tar.gz\n`),
  );
  const kwok = Buffer.from('official kwok');
  served.set('/kwok/v0.7.8/kwok-linux-amd64', kwok);
  served.set(
    '/api/v0.7.8',
    Buffer.from(JSON.stringify({ assets: [{ name: 'kwok-linux-amd64', digest: `sha256:${sha(kwok)}` }] })),
  );
  const server = createServer((asked, answer) => {
    const content = served.get(asked.url ?? '');
    answer.writeHead(content === undefined ? 404 : 200).end(content && spoil(asked.url ?? '', content));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { kubernetes: `${base}/k8s`, etcd: `${base}/etcd`, kwok: `${base}/kwok`, kwokDigests: `${base}/api` };
}

function tarFile(name: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  const data = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  data.write(content);
  return Buffer.concat([header, data]);
}

const downloadAllowed = (request: AcquireRequest): AcquireRequest => {
  const { noDownload: _, ...rest } = request;
  return rest;
};

test('official releases are downloaded, checked, and kept in the cache', async () => {
  const { request, key } = world();
  const sites = await releases();
  const files = {
    processes: { run: () => Promise.reject(new Error('no tool')) },
    table,
    files: programFolders,
    clock: systemClock,
    fetch: globalThis.fetch,
  };
  const acquired = await acquirePrograms(files, { ...downloadAllowed(request), sites });
  const folder = join(request.cache, await key());
  expect(acquired).toMatchObject({ from: 'download', programs: { etcd: [join(folder, 'etcd')] } });
  expect(await programFolders.readText(join(folder, 'etcd'))).toBe('official etcd');
  expect(readdirSync(folder).sort()).toStrictEqual([...programs].sort());
  expect((await acquirePrograms(files, request)).from).toBe('cache');
});

test.each([
  ['kube-apiserver', /kube-apiserver has SHA-256/],
  ['SHA256SUMS', /publishes no SHA-256/],
])('a download with a wrong %s is thrown away', async (spoiled, because) => {
  const { request } = world();
  const sites = await releases((path, content) => (path.endsWith(spoiled) ? Buffer.from('spoiled') : content));
  const closed = acquirePrograms(
    {
      processes: { run: async () => goMissing() },
      table,
      files: programFolders,
      clock: systemClock,
      fetch: globalThis.fetch,
    },
    { ...downloadAllowed(request), sites },
  );
  await expect(closed).rejects.toThrow(because);
  expect(existsSync(request.cache) && readdirSync(request.cache)).toStrictEqual([]);
});

test('a closed network closes the way of the releases, with its cause', async () => {
  const { request } = world();
  const closed = acquirePrograms(
    {
      processes: { run: async () => goMissing() },
      table,
      files: programFolders,
      clock: systemClock,
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ETIMEDOUT') })),
    },
    downloadAllowed(request),
  );
  await expect(closed).rejects.toThrow('the official releases: fetch failed: connect ETIMEDOUT; a build with Go');
});

test('there are no official releases for a Mac', async () => {
  const { request } = world();
  const closed = acquirePrograms(
    {
      processes: { run: async () => goMissing() },
      table,
      files: programFolders,
      clock: systemClock,
      fetch: globalThis.fetch,
    },
    { ...downloadAllowed(request), platform: 'darwin', architecture: 'arm64' },
  );
  await expect(closed).rejects.toThrow('there are none for darwin on arm64');
});

test('what a killed build left is removed at the next acquisition', async () => {
  const { request, acquire } = world(goMissing);
  const { pid: _, ...facts } = await table.facts();
  // No process has this pid: it is above the greatest that Linux and macOS give.
  const dead = { ...table, facts: async () => ({ pid: 4_194_305, ...facts }) };
  const left = await makeUnfinished({ files: programFolders, table: dead }, request);
  await expect(acquire()).rejects.toThrow('could be found or made');
  expect(existsSync(left)).toBe(false);
});
