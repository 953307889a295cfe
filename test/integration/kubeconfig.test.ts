import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kubeconfig } from '../../src/commands/kubeconfig.ts';
import type { Host } from '../../src/host.ts';
import { makeRequest } from '../../src/tools/certificate-request.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { textFiles } from '../../src/tools/files.ts';
import { openCluster } from '../../src/tools/kube/cluster.ts';
import type { ClusterIdentity, KubernetesObject } from '../../src/tools/ports.ts';
import { exampleText, versionsText } from '../helpers/configuration.ts';
import { type LiveCluster, noCluster, startLiveCluster } from '../helpers/live-cluster.ts';
import { journalOf } from '../helpers/recorded-platform.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const silence = async function* (): AsyncIterable<never> {};

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test.skipIf(!hasOpenssl)(
  'a request is what OpenSSL reads (skipped where there is no openssl): user, groups, and signed by its own key',
  () => {
    const groups = ['platform:view', 'Gruppe ü'];
    const { key, request } = makeRequest({ user: 'me@laptop', groups });
    const words = ['req', '-noout', '-verify', '-text', '-nameopt', 'utf8,sep_comma_plus_space'];
    const said = spawnSync('openssl', words, { input: request, encoding: 'utf8' });
    expect(said.stderr + said.stdout).toMatch(/verify OK/i);
    expect(said.stdout).toContain('O=platform:view, O=Gruppe ü, CN=me@laptop');
    expect(key.reveal()).toContain('BEGIN PRIVATE KEY');
    expect(String(key)).not.toContain('BEGIN');
  },
);

describe.skipIf(noCluster !== '')(`kubeconfig against a real API server ${noCluster}`, () => {
  let live: LiveCluster;
  let identity: ClusterIdentity;
  let drawn = 0.1;
  const open = (path: string) => openCluster({ kubeconfig: path, clock: systemClock, version: 'test' });

  beforeAll(async () => {
    live = await startLiveCluster();
    const cluster = await open(live.kubeconfig);
    identity = await cluster.identity();
    cluster.close();
  }, 120_000);
  afterAll(async () => live?.stop());

  /** `platform kubeconfig` in a project of its own whose cluster is the live one. */
  async function command(options: object, folder = temporaryFolder(), recorded: ClusterIdentity = identity) {
    const said = { stdout: '', stderr: '' };
    writeFileSync(join(folder, 'platform.yaml'), exampleText);
    writeFileSync(join(folder, 'versions.yaml'), versionsText);
    let expected: ClusterIdentity | undefined;
    const host = {
      folder,
      program: folder,
      home: folder,
      environment: {},
      stdout: { write: (text: string) => (said.stdout += text) },
      stderr: { write: (text: string) => (said.stderr += text) },
      signals: silence,
      open: async (config: { stateFolder: string }) => {
        mkdirSync(config.stateFolder, { recursive: true });
        writeFileSync(join(config.stateFolder, 'kubeconfig'), readFileSync(live.kubeconfig));
        return {
          config: { ...config, access: { sshUser: 'u', sshKey: 'k', allow: [], api: 'direct' } },
          clock: systemClock,
          files: textFiles,
          host: { user: 'me', host: 'laptop' },
          journals: await journalOf({ 'control-plane': { kubeconfig: '', identity: { ...recorded } } }),
          programs: { ssh: 'ssh' },
          observe: (event: { output: { identity: ClusterIdentity } }) => (expected = event.output.identity),
          contexts: {
            write: () => ({
              random: { next: () => (drawn += 0.001) },
              cluster: async () =>
                openCluster({
                  kubeconfig: live.kubeconfig,
                  clock: systemClock,
                  version: 'test',
                  ...(expected && { expected }),
                }),
            }),
          },
          look: () => ({}),
          close: async () => undefined,
        };
      },
    } as unknown as Host;
    const common = { env: 'sandbox', logLevel: 'info', color: false, lifetime: '8h', localPort: 16443 } as const;
    const code = await kubeconfig(host, { ...common, ...options });
    return { code, folder, ...said };
  }
  const configMap: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'mine', namespace: 'default' },
  };

  test('the certificate is the caller’s, ends as asked, may look, and may do nothing else', async () => {
    const before = systemClock.now();
    const { folder, stderr } = await command({ out: 'view.kubeconfig', lifetime: '30m' });
    const path = join(folder, 'view.kubeconfig');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    const { users } = parse(text) as { users: { user: Record<string, string> }[] };
    const certificate = new X509Certificate(
      Buffer.from(users[0]?.user['client-certificate-data'] ?? '', 'base64').toString(),
    );
    expect(certificate.subject.split('\n')).toEqual(['O=platform:view', 'CN=me@laptop']);
    const left = Date.parse(certificate.validTo) - before;
    expect(left).toBeGreaterThan(25 * 60_000);
    expect(left).toBeLessThan(32 * 60_000);
    expect(stderr).toContain(new Date(certificate.validTo).toISOString().replace('.000Z', 'Z'));

    const mine = await open(path);
    expect((await mine.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system' })).length).toBeGreaterThan(
      0,
    );
    await expect(mine.apply(configMap)).rejects.toMatchObject({ facts: { status: 403 } });
    await expect(mine.list({ apiVersion: 'v1', kind: 'Secret' })).rejects.toMatchObject({ facts: { status: 403 } });
    mine.close();
  });

  test('a role that may write writes; a group that nobody bound may not even look', async () => {
    const edit = await command({ out: 'edit.kubeconfig', role: 'edit' });
    const editor = await open(join(edit.folder, 'edit.kubeconfig'));
    await expect(editor.apply(configMap)).resolves.toMatchObject({ metadata: { name: 'mine' } });
    editor.close();
    const group = await command({ out: 'group.kubeconfig', group: ['shop:devs'] });
    const member = await open(join(group.folder, 'group.kubeconfig'));
    await expect(member.list({ apiVersion: 'v1', kind: 'Pod' })).rejects.toMatchObject({ facts: { status: 403 } });
    member.close();
  });

  test('an eviction ends the pod', async () => {
    const cluster = await open(live.kubeconfig);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' };
    await until('the namespace has its service account', () => cluster.get(account));
    const made = await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'guest', namespace: 'default' },
      spec: { containers: [{ name: 'guest', image: 'registry.k8s.io/pause:3.10' }] },
    });
    const pod = { namespace: 'default', name: 'guest' };
    const reference = { apiVersion: 'v1', kind: 'Pod', ...pod };
    expect(await cluster.evict({ ...pod, uid: made.metadata.uid ?? '' })).toEqual({ is: 'leaving' });
    await until('the pod is gone', async () => (await cluster.get(reference)) === undefined);
    cluster.close();
  });

  test('another cluster than the recorded one is written nothing (exit 8)', async () => {
    const folder = temporaryFolder();
    const before = live.writes('platform/').length;
    const other = { ...identity, uid: 'another' };
    await expect(command({ out: 'f' }, folder, other)).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(live.writes('platform/')).toHaveLength(before);
    expect(existsSync(join(folder, 'f'))).toBe(false);
  });

  test('merged: a copy is kept, a link stays a link, the lock of kubectl is respected', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.kube'));
    writeFileSync(join(folder, 'real'), '# mine\napiVersion: v1\nkind: Config\ncurrent-context: work\n');
    symlinkSync(join(folder, 'real'), join(folder, '.kube/config'));
    writeFileSync(join(folder, 'real.lock'), '');
    await expect(command({ merge: true }, folder)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(readFileSync(join(folder, 'real'), 'utf8')).not.toContain('shop-dev-abcde');
    spawnSync('rm', [join(folder, 'real.lock')]);

    await command({ merge: true }, folder);
    const text = readFileSync(join(folder, '.kube/config'), 'utf8');
    expect(text).toContain('# mine');
    expect(text).toContain('current-context: work');
    expect(text).toContain('name: shop-dev-abcde-me@laptop');
    const copies = readdirSync(folder).filter((name) => name.startsWith('real.before-platform-'));
    expect(copies).toHaveLength(1);
    expect(readFileSync(join(folder, copies[0] ?? ''), 'utf8')).not.toContain('shop-dev-abcde');
    expect(readdirSync(folder)).not.toContain('real.lock');
  });

  test('a file that holds something else is left alone; an earlier one of ours is replaced', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes'), 'mine');
    await expect(command({ out: 'notes' }, folder)).rejects.toMatchObject({ code: 'FOREIGN' });
    expect(readFileSync(join(folder, 'notes'), 'utf8')).toBe('mine');
    await command({ out: 'k' }, folder);
    const first = readFileSync(join(folder, 'k'), 'utf8');
    await command({ out: 'k' }, folder);
    expect(readFileSync(join(folder, 'k'), 'utf8')).not.toBe(first);
  });

  test('on stdout it is data only, and --json says what it is', async () => {
    const plain = await command({});
    expect(parse(plain.stdout)).toMatchObject({ kind: 'Config', 'current-context': 'shop-dev-abcde' });
    const json = JSON.parse((await command({ json: true })).stdout) as object;
    expect(json).toMatchObject({
      schema: 'platform/kubeconfig/v1',
      user: 'me@laptop',
      groups: ['platform:view'],
      file: null,
    });
  });
});
