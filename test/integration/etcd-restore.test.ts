import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { kill } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../helpers/control-plane.ts';
import { environment } from '../helpers/environment.ts';
import { etcdPrograms } from '../helpers/etcd-programs.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const roles = fileURLToPath(new URL('../../ansible/roles', import.meta.url));
const script = join(roles, 'etcd_restore/files/etcd-restore.py');
const programs = etcdPrograms();
const reason =
  programs === undefined ? 'skipped: no etcd, etcdctl and etcdutl in the cache; npm run sandbox:hosts builds them' : '';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A bucket on loopback that holds one object. */
async function bucketWith(body: Buffer, checksum?: string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url !== '/bucket/shop/etcd/one.db') return response.writeHead(404).end('NoSuchKey');
    if (checksum !== undefined) response.setHeader('x-amz-checksum-sha256', checksum);
    return response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Said {
  readonly code: number;
  readonly said: {
    readonly status: string;
    readonly because?: string;
    readonly kept?: string;
    readonly revision?: number;
  };
}

describe.skipIf(programs === undefined)(`restore of etcd with its own programs ${reason}`, () => {
  const { etcd = '', etcdctl = '', etcdutl = '' } = programs ?? {};

  /** A control plane's folders, and an etcd on loopback that may be started and stopped on its data. */
  async function node() {
    const folder = temporaryFolder();
    const [client = 0, peer = 0] = await freePorts(2);
    const data = join(folder, 'etcd');
    mkdirSync(join(folder, 'manifests'));
    mkdirSync(data, { mode: 0o700 });
    const manifest = [
      'spec:',
      '  containers:',
      '  - command:',
      '    - etcd',
      `    - --data-dir=${data}`,
      `    - --initial-advertise-peer-urls=https://127.0.0.1:${peer}`,
      '    - --name=k8s-master',
      '    image: registry.k8s.io/etcd:3.6.8-0',
    ];
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
      writeFileSync(join(folder, 'manifests', `${name}.yaml`), name === 'etcd' ? manifest.join('\n') : name);
    const control = (...words: readonly string[]): string =>
      execFileSync(etcdctl, [`--endpoints=http://127.0.0.1:${client}`, ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    let child: ChildProcess | undefined;
    const start = async (): Promise<void> => {
      const urls = ['--listen-client-urls', '--advertise-client-urls'].map(
        (flag) => `${flag}=http://127.0.0.1:${client}`,
      );
      const peers = [
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        `--initial-advertise-peer-urls=https://127.0.0.1:${peer}`,
      ];
      const cluster = `--initial-cluster=k8s-master=https://127.0.0.1:${peer}`;
      const argv = ['--name=k8s-master', `--data-dir=${data}`, ...urls, ...peers, cluster, '--log-level=error'];
      child = spawn(etcd, argv, { stdio: 'ignore' });
      await until('etcd answers', async () => {
        try {
          return control('endpoint', 'health').includes('healthy') || undefined;
        } catch {
          return undefined;
        }
      });
    };
    const stop = async (): Promise<void> => {
      const ending = child;
      child = undefined;
      if (ending === undefined) return;
      const gone = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill('SIGTERM');
      await gone;
    };
    onTestFinished(stop);
    return { folder, data, control, start, stop };
  }

  function environmentOf(folder: string, run: string, more: object): Record<string, string> {
    return {
      PATH: environment['PATH'] ?? '',
      RESTORE_RUN: run,
      RESTORE_BUCKET: 'bucket',
      RESTORE_KEY: 'shop/etcd/one.db',
      RESTORE_MANIFESTS: join(folder, 'manifests'),
      RESTORE_WORK: join(folder, 'work'),
      RESTORE_ETCDUTL: etcdutl,
      RESTORE_BACKUP_SCRIPT: join(roles, 'etcd_backup/files/etcd-backup.py'),
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'AK',
      AWS_SECRET_ACCESS_KEY: 'fixture-secret',
      ...more,
    };
  }
  const restore = (verb: string, env: Record<string, string>): Promise<Said> =>
    new Promise((resolve) => {
      execFile('python3', [script, verb], { env, timeout: 60_000 }, (error, stdout, stderr) => {
        const said = JSON.parse(stdout || stderr) as Said['said'];
        resolve({ code: error === null ? 0 : Number(error.code), said });
      });
    });

  /** A node whose etcd holds a canary in the snapshot and a key that came after it; etcd is stopped. */
  async function lost() {
    const made = await node();
    await made.start();
    made.control('put', '/canary', 'before');
    made.control('snapshot', 'save', join(made.folder, 'one.db'));
    made.control('put', '/late', 'after');
    const old = JSON.parse(made.control('endpoint', 'status', '-w', 'json')) as {
      Status: { header: { cluster_id: number } };
    }[];
    await made.stop();
    const body = readFileSync(join(made.folder, 'one.db'));
    return { ...made, body, clusterId: old[0]?.Status.header.cluster_id };
  }

  test('the canary is back, what came later is not, the old data is kept, and the cluster is a new one', async () => {
    const { folder, data, control, start, stop, body, clusterId } = await lost();
    const checksum = createHash('sha256').update(body).digest('base64');
    const env = environmentOf(folder, 'run-1', { AWS_ENDPOINT_URL_S3: await bucketWith(body, checksum) });
    const fetched = await restore('fetch', env);
    expect(fetched).toMatchObject({ code: 0, said: { status: 'fetched', sha256: sha256(body) } });
    expect(existsSync(join(folder, 'manifests/etcd.yaml'))).toBe(true);

    expect(await restore('stop', env)).toMatchObject({ code: 0 });
    expect(readdirSync(join(folder, 'manifests'))).toEqual([]);
    expect(await restore('start', env)).toMatchObject({
      code: 1,
      said: { because: expect.stringContaining('not replaced') },
    });
    const kept = join(data, 'member-before-run-1');
    expect(await restore('replace', env)).toMatchObject({ code: 0, said: { status: 'replaced', kept } });
    expect(await restore('replace', env)).toMatchObject({ code: 0, said: { status: 'replaced', kept } });
    expect(await restore('start', env)).toMatchObject({ code: 0, said: { status: 'started', kept } });
    expect(readdirSync(join(folder, 'manifests'))).toHaveLength(4);

    await start();
    expect(control('get', '/canary', '--print-value-only').trim()).toBe('before');
    expect(control('get', '/late', '--print-value-only').trim()).toBe('');
    const [now] = JSON.parse(control('endpoint', 'status', '-w', 'json')) as {
      Status: { header: { cluster_id: number; revision: number } };
    }[];
    expect(now?.Status.header.cluster_id).not.toBe(clusterId);
    expect(now?.Status.header.revision).toBeGreaterThan(1_000_000_000);
    const { members } = JSON.parse(control('member', 'list', '-w', 'json')) as { members: { name: string }[] };
    expect(members.map(({ name }) => name)).toEqual(['k8s-master']);

    // The way back: what was kept is a whole etcd.
    await stop();
    rmSync(join(data, 'member'), { recursive: true });
    renameSync(kept, join(data, 'member'));
    await start();
    expect(control('get', '/late', '--print-value-only').trim()).toBe('after');
  });

  test('nothing is moved under an etcd that lives', async () => {
    const { folder, data, start, body } = await lost();
    const env = environmentOf(folder, 'run-1', { AWS_ENDPOINT_URL_S3: await bucketWith(body) });
    await restore('fetch', env);
    await start();
    const before = readdirSync(data);
    expect(await restore('replace', env)).toMatchObject({
      code: 1,
      said: { because: expect.stringContaining('still has') },
    });
    expect(readdirSync(data)).toEqual(before);
  });

  test('a cut at any point is made good by the same run, and the old data is never lost', async () => {
    const { folder, data, body, control, start } = await lost();
    const env = environmentOf(folder, 'run-1', { AWS_ENDPOINT_URL_S3: await bucketWith(body) });
    await restore('fetch', env);
    await restore('stop', env);
    // Killed again and again, a little later each time, until one attempt got through.
    const old = sha256(readFileSync(join(data, 'member/snap/db')));
    let done = false;
    for (let budget = 40; !done; budget = Math.ceil(budget * 1.7)) {
      const child = spawn('python3', [script, 'replace'], { env, stdio: 'ignore', detached: true });
      const over = AbortSignal.timeout(budget);
      done = await new Promise<boolean>((resolve) => {
        child.once('exit', (code) => resolve(code === 0));
        over.addEventListener('abort', () => {
          // The whole group: etcdutl dies with the script, as it does when a machine loses its power.
          if (child.exitCode === null && child.signalCode === null) kill(-(child.pid ?? 0), 'SIGKILL');
        });
      });
      const places = ['member', 'member-before-run-1'].filter((name) => existsSync(join(data, name, 'snap/db')));
      expect(places.map((name) => sha256(readFileSync(join(data, name, 'snap/db'))))).toContain(old);
    }
    // And cut exactly between the two renames.
    renameSync(join(data, 'member'), join(data, 'restored-run-1/member'));
    expect(await restore('start', env)).toMatchObject({ code: 1 });
    expect(await restore('replace', env)).toMatchObject({ code: 0 });
    expect(await restore('start', env)).toMatchObject({ code: 0 });
    await start();
    expect(control('get', '/canary', '--print-value-only').trim()).toBe('before');
  });

  test('another run keeps what stands then too, and finds the manifests that the first took aside', async () => {
    const { folder, data, body } = await lost();
    const service = { AWS_ENDPOINT_URL_S3: await bucketWith(body) };
    for (const verb of ['fetch', 'stop', 'replace'])
      expect(await restore(verb, environmentOf(folder, 'run-1', service))).toMatchObject({ code: 0 });
    for (const verb of ['fetch', 'stop', 'replace', 'start'])
      expect(await restore(verb, environmentOf(folder, 'run-2', service))).toMatchObject({ code: 0 });
    expect(readdirSync(data).filter((name) => name.startsWith('member'))).toEqual([
      'member',
      'member-before-run-1',
      'member-before-run-2',
    ]);
    expect(readdirSync(join(folder, 'manifests'))).toHaveLength(4);
  });

  test('a snapshot that is no good is refused before anything is touched', async () => {
    const { folder, data, body } = await lost();
    const before = readdirSync(data);
    const whole = { AWS_ENDPOINT_URL_S3: await bucketWith(body) };
    const cases: readonly (readonly [string, Record<string, string>])[] = [
      ['its checksum is another', { AWS_ENDPOINT_URL_S3: await bucketWith(body, 'AAAA') }],
      ['not the snapshot that was recorded', { ...whole, RESTORE_SHA256: 'ff' }],
      ['404', { ...whole, RESTORE_KEY: 'none' }],
      ['cut short', { AWS_ENDPOINT_URL_S3: await bucketWith(body.subarray(0, 20_000)) }],
      ['cut short', { AWS_ENDPOINT_URL_S3: await bucketWith(Buffer.concat([body.subarray(1), Buffer.alloc(1)])) }],
    ];
    for (const [text, spoilt] of cases) {
      const { code, said } = await restore('fetch', environmentOf(folder, 'run-1', spoilt));
      expect({ code, because: said.because }).toEqual({ code: 1, because: expect.stringContaining(text) });
      expect(readdirSync(data)).toEqual(before);
    }
  });
});
