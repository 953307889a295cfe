import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { describeSupply } from '../../../src/sandbox/supply/description.ts';
import { readStandIns, serveSupply } from '../../../src/sandbox/supply/supply.ts';
import type { ServedSupply, Supply, SupplyFault } from '../../../src/sandbox/supply/supply.ts';
import { createReadingProcesses } from '../../../src/tools/process.ts';
import { plainProcesses } from '../../helpers/plain-processes.ts';
import { programRoot, smallSupply } from '../../helpers/small-supply.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const has = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;
const noApt = ['apt-get', 'dpkg-deb', 'gpg'].filter((tool) => !has(tool)).join(', ');
const skipped = noApt === '' ? '' : ` (SKIPPED: ${noApt} not installed)`;

let supply: Supply;
let served: ServedSupply;
let fault: SupplyFault | undefined;
const at = (path: string): string => `http://127.0.0.1:${served.port}${path}`;

async function serve(what: Supply): Promise<void> {
  supply = what;
  fault = undefined;
  const standIns = await readStandIns(programRoot);
  served = await serveSupply({ supply, host: '127.0.0.1', port: 0, standIns, faults: () => fault });
  onTestFinished(() => served.close());
}

const hex = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
interface Manifest {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/** Everything that a container runtime fetches for a reference; each digest is checked. */
async function pull(path: string, tag: string, namespace?: string) {
  const query = namespace === undefined ? '' : `?ns=${namespace}`;
  const head = await fetch(at(`/v2/${path}/manifests/${tag}${query}`), { method: 'HEAD' });
  expect(head.status).toBe(200);
  const digest = head.headers.get('docker-content-digest') ?? '';
  const answer = await fetch(at(`/v2/${path}/manifests/${digest}${query}`));
  expect(answer.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json');
  const text = new Uint8Array(await answer.arrayBuffer());
  expect(hex(text)).toBe(digest);
  const manifest = JSON.parse(Buffer.from(text).toString()) as Manifest;
  const contents: Buffer[] = [];
  for (const blob of [manifest.config, ...manifest.layers]) {
    const content = Buffer.from(await (await fetch(at(`/v2/${path}/blobs/${blob.digest}${query}`))).arrayBuffer());
    expect([hex(content), content.length]).toEqual([blob.digest, blob.size]);
    contents.push(content);
  }
  const [config = Buffer.alloc(0)] = contents;
  return {
    digest,
    manifest,
    config: (JSON.parse(config.toString()) as { config: { Env: string[]; Entrypoint: string[]; User?: string } })
      .config,
  };
}

describe('the registry', () => {
  beforeEach(async () => serve(await smallSupply().make()));

  test('serves what kubeadm names, asked for itself or as a mirror, with digests that are right', async () => {
    const asMirror = await pull('kube-apiserver', 'v1.36.3', 'registry.k8s.io');
    const direct = await pull('kube-apiserver', 'v1.36.3');
    expect(direct.digest).toBe(asMirror.digest);
    expect(asMirror.config.Entrypoint).toEqual(['/usr/local/bin/kube-apiserver']);
    expect((await pull('coredns/coredns', 'v1.14.2', 'registry.k8s.io')).config.Entrypoint).toEqual(['/coredns']);
    expect(await (await fetch(at('/v2/'))).text()).toBe('{}');
  });

  test('answers any other repository with the stand-in, on the ports of its table, and the same after a restart', async () => {
    const redis = await pull('library/redis', '8.6.4-alpine', 'docker.io');
    expect(redis.config).toMatchObject({ Entrypoint: ['/stand-in'], User: '65532' });
    expect(redis.config.Env).toEqual(
      expect.arrayContaining(['STAND_IN_IMAGE=docker.io/library/redis', 'STAND_IN_PORTS=6379']),
    );
    const unknown = await pull('never/heard-of/it', 'main', 'quay.io');
    expect(unknown.manifest.layers).toEqual(redis.manifest.layers);
    expect(unknown.digest).not.toBe(redis.digest);
    await served.close();
    await serve(supply);
    const again = await fetch(at(`/v2/library/redis/blobs/${redis.manifest.config.digest}?ns=docker.io`));
    expect(hex(new Uint8Array(await again.arrayBuffer()))).toBe(redis.manifest.config.digest);
  });

  test.each([
    ['another tag of what it holds', 'kube-apiserver/manifests/v1.99.0', 404, 'MANIFEST_UNKNOWN'],
    ['a digest that nobody made', `a/b/manifests/sha256:${'a'.repeat(64)}`, 404, 'MANIFEST_UNKNOWN'],
    ['a blob that nobody made', `a/b/blobs/sha256:${'a'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
    ['a path out of the folder', 'a/b/blobs/..%2F..%2Findex.json', 404, 'BLOB_UNKNOWN'],
    ['an unknown resource', 'a/b/c', 404, 'NAME_UNKNOWN'],
  ])('refuses %s', async (_, path, status, code) => {
    const answer = await fetch(at(`/v2/${path}?ns=registry.k8s.io`));
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ errors: [{ code }] });
  });

  test('is read-only', async () => {
    expect((await fetch(at('/v2/a/blobs/uploads/'), { method: 'POST' })).status).toBe(405);
  });

  test('sends the rest of a blob to whoever has the beginning', async () => {
    const { manifest } = await pull('pause', '3.10.2');
    const [layer] = manifest.layers;
    const url = at(`/v2/pause/blobs/${layer?.digest}`);
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    const rest = await fetch(url, { headers: { range: 'bytes=700-' } });
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(`bytes 700-${whole.length - 1}/${whole.length}`);
    expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(700))).toBe(true);
  });

  test('remembers who asked for what', async () => {
    await fetch(at('/v2/pause/manifests/3.10.2?ns=registry.k8s.io'), { method: 'HEAD' });
    await fetch(at('/nothing'));
    expect(served.requests()).toEqual([
      {
        service: 'registry',
        method: 'HEAD',
        path: '/v2/pause/manifests/3.10.2?ns=registry.k8s.io',
        status: 200,
        from: '127.0.0.1',
      },
      { service: 'other', method: 'GET', path: '/nothing', status: 404, from: '127.0.0.1' },
    ]);
  });

  test('breaks as it is told, and is whole again afterwards', async () => {
    const { manifest, digest } = await pull('pause', '3.10.2');
    const blob = at(`/v2/pause/blobs/${manifest.layers[0]?.digest}`);
    fault = { service: 'registry', is: 'error' };
    expect((await fetch(blob)).status).toBe(500);
    expect((await fetch(at('/apt/Release'))).status).toBe(200);
    fault = { service: 'registry', is: 'down' };
    await expect(fetch(blob)).rejects.toThrow('fetch failed');
    expect(served.requests().at(-1)).toMatchObject({ status: 0 });
    fault = { service: 'registry', is: 'corrupt' };
    expect(hex(new Uint8Array(await (await fetch(blob)).arrayBuffer()))).not.toBe(manifest.layers[0]?.digest);
    fault = { service: 'registry', is: 'slow', bytesPerSecond: 100_000 };
    expect(hex(new Uint8Array(await (await fetch(blob)).arrayBuffer()))).toBe(manifest.layers[0]?.digest);
    fault = { service: 'registry', is: 'missing', path: '/pause/' };
    expect((await fetch(blob)).status).toBe(404);
    expect((await fetch(at('/v2/coredns/coredns/manifests/v1.14.2'))).status).toBe(200);
    fault = undefined;
    expect((await pull('pause', '3.10.2')).digest).toBe(digest);
  });
});

test('a port that is taken is said, with its address', async () => {
  await serve(await smallSupply().make());
  const again = serveSupply({ supply, host: '127.0.0.1', port: served.port, standIns: {} });
  await expect(again).rejects.toMatchObject({
    code: 'SANDBOX_FAILED',
    message: expect.stringContaining(`127.0.0.1 port ${served.port}`),
  });
});

/** apt as a bare machine has it, with a root of its own: nothing of this machine is read or written. */
function bareApt(trust: 'signed' | 'trusted') {
  const root = temporaryFolder();
  for (const name of [
    'etc/sources.list.d',
    'etc/preferences.d',
    'etc/apt.conf.d',
    'state/lists/partial',
    'cache/archives/partial',
    'work',
  ])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'state/status'), '');
  const key = join(root, 'etc/key.asc');
  const by = trust === 'trusted' ? 'Trusted: yes' : `Signed-By: ${key}`;
  writeFileSync(
    join(root, 'etc/sources.list.d/supply.sources'),
    `Types: deb\nURIs: ${at('/apt/')}\nSuites: /\n${by}\n`,
  );
  const options = [
    `Dir::Etc=${root}/etc`,
    `Dir::State=${root}/state`,
    `Dir::State::status=${root}/state/status`,
    `Dir::Cache=${root}/cache`,
    'APT::Architecture=amd64',
    'APT::Sandbox::User=root',
    'Acquire::Retries=0',
    'Acquire::http::Proxy=DIRECT',
  ].flatMap((option) => ['-o', option]);
  // Not synchronous: the server answers in this process.
  const run = async (...words: readonly string[]) => {
    const exit = await plainProcesses.run({
      tool: 'apt-get',
      argv: ['apt-get', ...options, ...words],
      cwd: join(root, 'work'),
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    });
    return { code: exit.code, text: exit.tail.join('\n') };
  };
  return { root, key, run };
}

describe.skipIf(noApt !== '')(`the apt repository${skipped}`, () => {
  beforeEach(async () => serve(await smallSupply({ real: createReadingProcesses() }).make()));

  test('is found and trusted by its key, and gives the packages that the roles ask for', async () => {
    const { root, key, run } = bareApt('signed');
    writeFileSync(key, Buffer.from(await (await fetch(at('/apt/Release.key'))).arrayBuffer()));
    expect(await run('update')).toMatchObject({ code: 0, text: expect.not.stringMatching(/^[WE]:/m) });
    // As the role asks: a beginning of the version.
    expect(await run('download', 'kubelet=1.36.3-*', 'kubeadm=1.36.3-*', 'cri-tools', 'kubernetes-cni')).toMatchObject({
      code: 0,
    });
    const file = readdirSync(join(root, 'work')).find((name) => name.startsWith('kubelet_')) ?? '';
    const about = execFileSync('dpkg-deb', ['--info', file], { cwd: join(root, 'work'), encoding: 'utf8' });
    expect(about).toMatch(/Version: 1\.36\.3-1\.1\n[^]*Depends: kubernetes-cni/);
    execFileSync('dpkg-deb', ['--extract', file, 'out'], { cwd: join(root, 'work') });
    expect(existsSync(join(root, 'work/out/usr/lib/systemd/system/kubelet.service'))).toBe(true);
    expect(readFileSync(join(root, 'work/out/usr/bin/kubelet'), 'utf8')).toBe(
      'program k8s.io/kubernetes/cmd/kubelet\n',
    );
  });

  test('is refused without its key, and taken where it is trusted as it is', async () => {
    expect(await bareApt('signed').run('update')).toMatchObject({ code: 100 });
    expect(await bareApt('trusted').run('update')).toMatchObject({ code: 0 });
  });

  test.each([
    ['missing', '404'],
    ['error', '500'],
    ['corrupt', 'Hash Sum mismatch'],
  ] as const)('%s: apt says so, keeps no package, and the next try succeeds', async (is, said) => {
    const { root, run } = bareApt('trusted');
    expect((await run('update')).code).toBe(0);
    fault = { service: 'apt', is, path: '.deb' };
    expect(await run('download', 'kubectl')).toMatchObject({ code: 100, text: expect.stringContaining(said) });
    // apt puts aside what it refused, as *.FAILED.
    expect(readdirSync(join(root, 'work')).filter((name) => name.endsWith('.deb'))).toEqual([]);
    fault = undefined;
    expect((await run('download', 'kubectl')).code).toBe(0);
  });
});

const description = await describeSupply(programRoot, '1.36.3', process.arch);
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'platform', 'supply');
const real = join(cache, description.key);
const made = existsSync(join(real, 'images', 'index.json'));
if (!made)
  process.stderr.write(
    `SKIPPED: the supply of ${description.key} is not made; node dist/sandbox/supply/main.js makes it\n`,
  );

describe.skipIf(!made)(`the real supply${made ? '' : ' (SKIPPED: not made)'}`, () => {
  beforeEach(() =>
    serve({
      folder: real,
      packages: join(real, 'packages'),
      images: join(real, 'images'),
      manifests: join(real, 'manifests'),
      kubernetes: '1.36.3',
    }),
  );

  test('every image can be pulled', async () => {
    for (const { reference } of description.images.filter(
      ({ reference: name }) => !name.startsWith('platform.invalid/'),
    )) {
      const [, namespace = '', path = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? [];
      await pull(path, tag, namespace);
    }
  });

  test('kubeadm of the package names exactly the images that are held', () => {
    const folder = temporaryFolder();
    const file = join(real, 'packages', `kubeadm_1.36.3-${description.revision}_${description.architecture}.deb`);
    execFileSync('dpkg-deb', ['--extract', file, folder]);
    const listed = execFileSync(
      join(folder, 'usr/bin/kubeadm'),
      ['config', 'images', 'list', '--kubernetes-version', 'v1.36.3'],
      {
        encoding: 'utf8',
      },
    );
    const held = new Set(description.images.map(({ reference }) => reference));
    expect(
      listed
        .trim()
        .split('\n')
        .filter((reference) => !held.has(reference)),
    ).toEqual([]);
  });
});
