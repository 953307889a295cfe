import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/tools/clock.ts';
import { createHelm } from '../../src/tools/helm.ts';
import { readRelease } from '../../src/tools/helm-release.ts';
import { openCluster } from '../../src/tools/kube/cluster.ts';
import type { OpenCluster } from '../../src/tools/kube/cluster.ts';
import type { HelmWriter, Processes, Release } from '../../src/tools/ports.ts';
import { noCluster, startLiveCluster } from '../helpers/live-cluster.ts';
import type { LiveCluster } from '../helpers/live-cluster.ts';
import { plainProcesses } from '../helpers/plain-processes.ts';
import { realFiles } from '../helpers/real-files.ts';
import { helmProgram, kubectlProgram } from '../helpers/tool-caches.ts';
import { until } from '../helpers/until.ts';

const reason =
  noCluster === '' && helmProgram === undefined
    ? 'skipped: no helm in the cache; npm run setup puts it there'
    : noCluster;
const program = helmProgram ?? '';
const chart = fileURLToPath(new URL('../fixtures/charts/demo', import.meta.url));

describe.skipIf(reason !== '')(`Helm adapter against a real API server ${reason}`, () => {
  let live: LiveCluster;
  let cluster: OpenCluster;
  let helm: HelmWriter;
  let repository = '';
  let asked: string[] = [];
  const started: string[][] = [];
  const scope = { signal: new AbortController().signal, note: () => {} };
  const release = (name: string, more: Partial<Release> = {}): Release => ({
    name,
    namespace: name,
    repository,
    chart: 'demo',
    version: '1.0.0',
    values: 'replicas: 2\n',
    ...more,
  });
  const compare = (wanted: Release) => helm.compare(wanted, scope.signal);

  const charts = createServer((request, response) => {
    asked.push(request.url ?? '');
    readFile(join(live.folder, 'charts', request.url ?? '')).then(
      (content) => response.end(content),
      () => response.writeHead(404).end('no'),
    );
  });
  const noting: Processes = {
    run(command) {
      started.push([...command.argv]);
      return plainProcesses.run(command);
    },
  };
  const make = (more: Partial<Parameters<typeof createHelm>[0]> = {}): HelmWriter =>
    createHelm({
      processes: noting,
      read: plainProcesses,
      files: realFiles,
      program,
      folder: live.folder,
      kubeconfig: live.kubeconfig,
      cluster: async () => cluster,
      environment: { PATH: '/usr/bin:/bin', HOME: live.folder, HELM_NAMESPACE: 'wrong', KUBECONFIG: '/nowhere' },
      ...more,
    });

  beforeAll(async () => {
    live = await startLiveCluster();
    cluster = await openCluster({ kubeconfig: live.kubeconfig, clock: systemClock, version: 'test' });
    await new Promise<void>((resolve) => charts.listen(0, '127.0.0.1', resolve));
    repository = `http://127.0.0.1:${(charts.address() as AddressInfo).port}`;
    const folder = join(live.folder, 'charts');
    mkdirSync(folder);
    for (const words of [
      ['package', chart, '-d', folder],
      ['package', chart, '-d', folder, '--version', '1.1.0'],
      ['repo', 'index', folder, '--url', repository],
    ]) {
      const made = spawnSync(program, words, { env: { HOME: live.folder }, encoding: 'utf8' });
      if (made.status !== 0) throw new Error(made.stderr);
    }
    helm = make();
  });
  afterAll(async () => {
    cluster?.close();
    await new Promise<void>((resolve) => void charts.close(() => resolve()));
    await live?.stop();
  });

  test('installs, finds it current without a write, and goes on without the network', async () => {
    const wanted = release('first');
    expect(await compare(wanted)).toEqual({ is: 'absent' });
    expect(await helm.upgrade(wanted, scope)).toEqual({ revision: 1 });
    const before = [live.writes('Helm').length, live.writes('platform').length];
    expect(await compare(wanted)).toEqual({ is: 'current' });
    expect([live.writes('Helm').length, live.writes('platform').length]).toEqual(before);

    asked = [];
    expect(await make().upgrade(wanted, scope)).toEqual({ revision: 2 });
    expect(asked).toEqual([]);
  });

  test('values are in a private file, homes are in the state folder, and nothing is waited for', async () => {
    const values = join(live.folder, 'helm/values/first.first.yaml');
    expect(statSync(values).mode & 0o777).toBe(0o600);
    expect(readFileSync(values, 'utf8')).toBe('replicas: 2\n');
    expect(started[0]?.slice(1, 3)).toEqual(['upgrade', 'first']);
    expect(started[0]).toContain('--reset-values');
    expect(started[0]?.join(' ')).not.toMatch(/--wait|--force/);
    expect(readdirSync(join(live.folder, 'helm/home'))).toContain('cache');
    expect(readdirSync(live.folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('another version, other values and a hand-made change are told apart', async () => {
    expect(await compare(release('first', { version: '1.1.0' }))).toEqual({
      is: 'differs',
      because: 'the chart demo is 1.0.0 instead of 1.1.0',
    });
    expect(await compare(release('first', { values: 'replicas: 3\n' }))).toEqual({
      is: 'differs',
      because: 'values: replicas is 2 instead of 3',
    });
    const config = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'first', name: 'first-config' });
    await cluster.remove({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'first', name: 'first-config' });
    expect(await compare(release('first'))).toEqual({
      is: 'differs',
      because: 'ConfigMap first-config does not exist',
    });
    await helm.upgrade(release('first'), scope);
    expect(config).toBeDefined();
    expect(await compare(release('first'))).toEqual({ is: 'current' });
  });

  test('an upgrade does not go on with the values of the last one', async () => {
    await helm.upgrade(release('reset', { values: 'replicas: 2\ngreeting: hi\n' }), scope);
    await helm.upgrade(release('reset', { values: 'replicas: 1\n', version: '1.1.0' }), scope);
    expect(
      await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'reset', name: 'reset-config' }),
    ).toMatchObject({ data: { greeting: 'hello' } });
    expect(await compare(release('reset', { values: 'replicas: 1\n', version: '1.1.0' }))).toEqual({ is: 'current' });
  });

  test('fields that another manager took are named, by comparison and by the failed upgrade', async () => {
    await helm.upgrade(release('taken'), scope);
    const stolen = (
      await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'taken', name: 'taken' })
    )?.['spec'] as { replicas: number };
    expect(stolen.replicas).toBe(2);
    scaleByHand('taken');
    expect(await compare(release('taken'))).toMatchObject({
      is: 'differs',
      because: expect.stringMatching(/replicas belongs to (kubectl|another)/),
    });
    await expect(helm.upgrade(release('taken', { values: 'replicas: 3\n' }), scope)).rejects.toMatchObject({
      code: 'KUBERNETES',
      class: 'permanent',
      facts: { reason: 'conflict', managers: 'kubectl' },
    });
    expect(await compare(release('taken', { values: 'replicas: 3\n' }))).toMatchObject({ is: 'failed' });
    expect(
      await make({ forceConflicts: ['taken'] }).upgrade(release('taken', { values: 'replicas: 3\n' }), scope),
    ).toMatchObject({ revision: expect.any(Number) });
    expect(await compare(release('taken', { values: 'replicas: 3\n' }))).toEqual({ is: 'current' });
  });

  test('a killed first install is uninstalled, with its hook job, and can be installed again', async () => {
    const wanted = release('killed', { values: 'hook: true\n' });
    await kill(wanted);
    expect(await compare(wanted)).toEqual({ is: 'pending', status: 'pending-install' });
    expect(await helm.settle(wanted, scope)).toBe('killed was pending-install: uninstalled, with 1 left-over hook job');
    expect(await compare(wanted)).toEqual({ is: 'absent' });
    await until(
      'the job is gone',
      async () =>
        (await cluster.get({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'killed', name: 'killed-prepare' })) ===
        undefined,
    );
    await helm.upgrade({ ...wanted, values: 'hook: false\n' }, scope);
    expect(await helm.settle(wanted, scope)).toBeUndefined();
  });

  test('a killed upgrade loses only its own record', async () => {
    await helm.upgrade(release('again'), scope);
    await kill(release('again', { values: 'hook: true\n' }));
    await expect(helm.upgrade(release('again'), scope)).rejects.toMatchObject({ facts: { reason: 'pending' } });
    expect(await compare(release('again'))).toEqual({ is: 'pending', status: 'pending-upgrade' });
    expect(await helm.settle(release('again'), scope)).toBe(
      'again was pending-upgrade: the record of revision 2 was removed',
    );
    expect(await compare(release('again'))).toEqual({ is: 'current' });
    expect(await helm.upgrade(release('again', { values: 'replicas: 1\n' }), scope)).toEqual({ revision: 2 });
  });

  test('every release of every namespace is listed, whatever its status, and uninstalled without a hook or a wait', async () => {
    await helm.upgrade(release('whole'), scope);
    await kill(release('half', { values: 'hook: true\n' }));
    await helm.upgrade(release('bad'), scope);
    scaleByHand('bad');
    await expect(helm.upgrade(release('bad', { values: 'replicas: 3\n' }), scope)).rejects.toMatchObject({
      facts: { reason: 'conflict' },
    });
    const listed = async () =>
      (await helm.releases(scope.signal)).filter(({ name }) => ['whole', 'half', 'bad'].includes(name));
    expect((await listed()).toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: 'bad', namespace: 'bad', chart: 'demo-1.0.0', status: 'failed' },
      { name: 'half', namespace: 'half', chart: 'demo-1.0.0', status: 'pending-install' },
      { name: 'whole', namespace: 'whole', chart: 'demo-1.0.0', status: 'deployed' },
    ]);
    for (const one of await listed()) await helm.uninstall(one, scope);
    expect(await listed()).toEqual([]);
    expect(
      await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'whole', name: 'whole-config' }),
    ).toBeUndefined();
    await helm.uninstall({ name: 'whole', namespace: 'whole' }, scope);
  });

  test.each([
    ['a version that is not there', { version: '9.9.9' }, 'CONFIG_INVALID', 'permanent', 'chart-not-found'],
    ['a chart that is not there', { chart: 'nope' }, 'CONFIG_INVALID', 'permanent', 'chart-not-found'],
    [
      'a server that is no repository',
      { repository: 'REPOSITORY/nothing' },
      'CONFIG_INVALID',
      'permanent',
      'repository',
    ],
    [
      'a repository that refuses connections',
      { repository: 'http://127.0.0.1:1' },
      'UNREACHABLE',
      'transient',
      'network',
    ],
    ['values against the schema', { values: 'replicas: many\n' }, 'CONFIG_INVALID', 'permanent', 'values-schema'],
    ['values that are no YAML', { values: 'a: [1\n' }, 'TEMPLATE_INVALID', 'permanent', 'values-syntax'],
    ['a kind that nobody serves', { values: 'nonsense: true\n' }, 'KUBERNETES', 'permanent', 'kind-missing'],
  ] as const)('%s', async (_, more, code, expected, why) => {
    const wanted = release('wrong', {
      ...more,
      ...('repository' in more && { repository: more.repository.replace('REPOSITORY', repository) }),
    });
    await expect(helm.upgrade(wanted, scope)).rejects.toMatchObject({
      code,
      class: expected,
      facts: { tool: 'helm', reason: why },
    });
  });

  test('an object of someone else is not taken over', async () => {
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'owned' } });
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'owned-config', namespace: 'owned' },
    });
    await expect(helm.upgrade(release('owned'), scope)).rejects.toMatchObject({
      code: 'FOREIGN',
      facts: { reason: 'ownership' },
    });
  });

  test('a mirror replaces every repository, and template renders without a cluster', async () => {
    const mirrored = make({ mirror: repository, folder: join(live.folder, 'mirrored'), kubeconfig: '/nowhere' });
    const text = await mirrored.template(release('drawn', { repository: 'https://charts.example.com' }), scope.signal);
    expect(text).toContain('name: drawn-config');
    expect(text).toContain('replicas: 2');
  });

  /** Makes kubectl the owner of the replicas, so that the next upgrade fails. */
  function scaleByHand(name: string): void {
    const words = ['--kubeconfig', live.kubeconfig, '-n', name, 'scale', `deployment/${name}`, '--replicas=5'];
    expect(spawnSync(kubectlProgram ?? '', words, { encoding: 'utf8' })).toMatchObject({ status: 0 });
  }

  /** Kills helm while it waits for a hook that never ends, for no machine runs its pod. */
  async function kill(wanted: Release): Promise<void> {
    const folder = readdirSync(join(live.folder, 'helm/charts')).find((name) => name.startsWith('demo-1.0.0')) ?? '';
    const file = readdirSync(join(live.folder, 'helm/charts', folder)).find((name) => name.endsWith('.tgz')) ?? '';
    const words = [
      'upgrade',
      wanted.name,
      join(live.folder, 'helm/charts', folder, file),
      '--install',
      '--create-namespace',
      '-n',
      wanted.namespace,
      '--set',
      'hook=true',
    ];
    const child = spawn(program, words, {
      env: { HOME: join(live.folder, 'other-home'), KUBECONFIG: live.kubeconfig },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(
      'the hook runs',
      () =>
        cluster.get({
          apiVersion: 'batch/v1',
          kind: 'Job',
          namespace: wanted.namespace,
          name: `${wanted.name}-prepare`,
        }),
      60_000,
    );
    child.kill('SIGKILL');
    await ended;
    expect((await readRelease(cluster, wanted.namespace, wanted.name))?.status).toMatch(/^pending-/);
  }
});
