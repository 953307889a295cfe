import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAudit, writesBy } from '../../src/sandbox/control-plane/audit.ts';
import { startControlPlane } from '../../src/sandbox/control-plane/cluster.ts';
import type { ControlPlane } from '../../src/sandbox/control-plane/cluster.ts';
import { csiNodeObject, networkAnnotation, nodeObject } from '../../src/sandbox/control-plane/node-object.ts';
import type { Transport } from '../../src/tools/kube/transport.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { cachedPrograms, childRunner, freePorts, isAlive, plainFiles } from '../helpers/control-plane.ts';
import { until } from '../helpers/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { description, found } = await cachedPrograms();
const reason =
  'missing' in found ? `skipped: no control plane in the cache (${description.key}); npm run setup makes it` : '';

const gibibyte = 1024 ** 3;
const names = ['k8s-master', 'k8s-worker-1', 'k8s-worker-2', 'k8s-storage'] as const;
const facts = names.map((name, index) => ({
  name,
  providerId: `aws:///ap-northeast-2a/i-000000000000000${index}`,
  role: index === 0 ? ('control-plane' as const) : ('worker' as const),
  labels: { workload: name },
  taints: [],
  zone: 'ap-northeast-2a',
  region: 'ap-northeast-2',
  instanceType: 't3.large',
  privateAddress: `10.0.1.${10 + index}`,
  kubernetesVersion: description.kubernetes,
  containerdVersion: '2.2.1',
  capacity: { processors: 2, memory: 8 * gibibyte, disk: 80 * gibibyte },
  network: 'ready' as const,
}));

interface Live {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown> & {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
}

const selector = { matchLabels: { app: 'web' } };
const template = (more: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'registry.k8s.io/pause:3.10' }], ...more },
});

describe.skipIf(reason !== '')(`control plane ${reason}`, () => {
  let folder: string;
  const runner = childRunner();
  let plane: ControlPlane | undefined;
  let api: Transport;
  let ports: { api: number; etcd: number; etcdPeer: number };

  const start = async (): Promise<void> => {
    if ('missing' in found) throw new Error(reason);
    plane = await startControlPlane(
      { runner, files: plainFiles, clock: systemClock },
      found.programs,
      {
        folder,
        stages: [here('../../sandbox/stages/node.yaml'), here('../../sandbox/stages/pod.yaml')],
        ports,
        names: ['api.cluster.test'],
        advertise: '10.0.1.10',
        podCidr: '192.168.0.0/16',
        serviceCidr: '10.96.0.0/12',
      },
      new AbortController().signal,
    );
    api = await plane.connect('platform-test');
  };
  const stop = async (): Promise<void> => {
    api?.close();
    await plane?.stop();
    plane = undefined;
  };
  const get = async (path: string): Promise<Live> => JSON.parse((await api.send({ method: 'GET', path })).body) as Live;
  const create = async (path: string, body: object): Promise<void> => {
    const answer = await api.send({ method: 'POST', path, body });
    expect(answer).toMatchObject({ status: 201 });
  };
  const condition = (live: Live, type: string) => live.status.conditions?.find((one) => one.type === type);
  const isReady = async (name: string): Promise<boolean> => {
    const live = await get(`/api/v1/nodes/${name}`);
    return condition(live, 'Ready')?.status === 'True';
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-control-plane-'));
    const [first = 0, second = 0, third = 0] = await freePorts(3);
    ports = { api: first, etcd: second, etcdPeer: third };
    await start();
  });
  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('answers as the pinned version, through a kubeconfig that only its owner may read', async () => {
    expect((await api.send({ method: 'GET', path: '/readyz' })).body).toBe('ok');
    const version = JSON.parse((await api.send({ method: 'GET', path: '/version' })).body) as { gitVersion: string };
    expect(version.gitVersion).toBe(`v${description.kubernetes}`);
    expect(statSync(plane?.kubeconfig ?? '').mode & 0o777).toBe(0o600);
  });

  test('nodes become ready with what a kubelet reports, and keep what we gave them', async () => {
    for (const fact of facts) await create('/api/v1/nodes', nodeObject(fact));
    for (const name of names) await until(`${name} is ready`, () => isReady(name));
    const worker = await until('the not-ready taint is gone', async () => {
      const live = await get('/api/v1/nodes/k8s-worker-1');
      return live.spec['taints'] === undefined && live;
    });
    expect(condition(worker, 'NetworkUnavailable')).toMatchObject({ status: 'False', reason: 'CalicoIsUp' });
    expect(worker.spec).toMatchObject({
      providerID: facts[1]?.providerId,
      podCIDR: expect.stringMatching(/^192\.168\./),
    });
    expect(worker.status).toMatchObject({
      addresses: expect.arrayContaining([{ type: 'InternalIP', address: '10.0.1.11' }]),
      capacity: { cpu: '2', pods: '110' },
      nodeInfo: { kubeletVersion: `v${description.kubernetes}` },
    });
  });

  test('a machine without a network stays unready until its network is there', async () => {
    await create('/api/v1/nodes', nodeObject({ ...facts[1]!, name: 'late', network: 'pending' }));
    const waiting = await until('kubelet has reported', async () => {
      const live = await get('/api/v1/nodes/late');
      return condition(live, 'Ready') !== undefined && live;
    });
    expect(condition(waiting, 'Ready')).toMatchObject({ status: 'False', reason: 'KubeletNotReady' });
    await api.send({
      method: 'PATCH',
      path: '/api/v1/nodes/late',
      type: 'application/merge-patch+json',
      body: { metadata: { annotations: { [networkAnnotation]: null } } },
    });
    await until('late is ready', () => isReady('late'));
    await api.send({ method: 'DELETE', path: '/api/v1/nodes/late' });
  });

  test('a stopped machine is Unknown, and ready again when it comes back', async () => {
    const mark = (value: string | null) =>
      api.send({
        method: 'PATCH',
        path: '/api/v1/nodes/k8s-storage',
        type: 'application/merge-patch+json',
        body: { metadata: { annotations: { 'sandbox.platform/machine': value } } },
      });
    await mark('stopped');
    await until('k8s-storage is unknown', async () => {
      const live = await get('/api/v1/nodes/k8s-storage');
      return condition(live, 'Ready')?.status === 'Unknown';
    });
    await mark(null);
    expect(await until('k8s-storage is ready', () => isReady('k8s-storage'))).toBe(true);
  });

  test('the CSI driver can be simulated on a node', async () => {
    await create('/apis/storage.k8s.io/v1/csinodes', csiNodeObject(facts[3]!));
    expect((await get('/apis/storage.k8s.io/v1/csinodes/k8s-storage')).spec['drivers']).toMatchObject([
      { name: 'ebs.csi.aws.com', nodeID: 'i-0000000000000003' },
    ]);
  });

  test('Deployments, StatefulSets and DaemonSets roll out, Jobs complete or fail', async () => {
    const apps = '/apis/apps/v1/namespaces/default';
    const batch = '/apis/batch/v1/namespaces/default';
    const job = (name: string, annotations: object) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { annotations },
          spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'registry.k8s.io/pause:3.10' }] },
        },
      },
    });
    const metadata = { name: 'web' };
    await create(`${apps}/deployments`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 3, selector, template: template() },
    });
    await create(`${apps}/statefulsets`, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: { replicas: 2, serviceName: 'web', selector, template: template() },
    });
    await create(`${apps}/daemonsets`, {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: { selector, template: template({ tolerations: [{ operator: 'Exists' }] }) },
    });
    await create(`${batch}/jobs`, job('good', {}));
    await create(`${batch}/jobs`, job('bad', { 'sandbox.platform/exit-code': '3', 'sandbox.platform/runs-for': '1s' }));
    const counts = async (kind: string, field: string) => (await get(`${apps}/${kind}/web`)).status[field];
    await until('the Deployment has three', async () => (await counts('deployments', 'availableReplicas')) === 3);
    await until('the StatefulSet has two', async () => (await counts('statefulsets', 'readyReplicas')) === 2);
    await until('the DaemonSet is on all four', async () => (await counts('daemonsets', 'numberAvailable')) === 4);
    const ended = async (name: string, type: string) =>
      condition(await get(`${batch}/jobs/${name}`), type)?.status === 'True';
    await until('the good Job is complete', () => ended('good', 'Complete'));
    await until('the bad Job has failed', () => ended('bad', 'Failed'));
    expect((await get(`${batch}/jobs/bad`)).status).toMatchObject({ failed: 1 });
    expect((await get(`${batch}/jobs/good`)).status).toMatchObject({ succeeded: 1 });
  });

  test('a Pod that the node lifecycle controller calls unready on a node that just became ready is ready after all', async () => {
    const path = '/api/v1/namespaces/default/pods/early';
    await create('/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'early' },
      spec: template().spec,
    });
    const isPodReady = async (wanted: string) => condition(await get(path), 'Ready')?.status === wanted;
    await until('early is ready', () => isPodReady('True'));
    // What processPod of pkg/controller/nodelifecycle writes.
    const now = new Date(systemClock.now()).toISOString().replace(/\.\d+/, '');
    await api.send({
      method: 'PATCH',
      path: `${path}/status`,
      type: 'application/strategic-merge-patch+json',
      body: { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: now }] } },
    });
    expect(await isPodReady('False')).toBe(true);
    await until('early is ready after all', () => isPodReady('True'));
    await api.send({ method: 'DELETE', path });
  });

  test.each([
    ['image-missing', 'ImagePullBackOff'],
    ['crash', 'CrashLoopBackOff'],
  ])('a Pod can have trouble: %s', async (trouble, waiting) => {
    await create('/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: trouble, annotations: { 'sandbox.platform/trouble': trouble } },
      spec: template().spec,
    });
    const path = `/api/v1/namespaces/default/pods/${trouble}`;
    const pod = await until(`${trouble} is reported`, async () => {
      const live = await get(path);
      return live.status['containerStatuses'] !== undefined && live;
    });
    expect(pod.status['containerStatuses']).toMatchObject([{ ready: false, state: { waiting: { reason: waiting } } }]);
    await api.send({ method: 'DELETE', path });
    await until(`${trouble} is gone`, async () => (await api.send({ method: 'GET', path })).status === 404);
  });

  test('the audit log tells our writes from others, and dry-runs from writes', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'audited' } };
    const path = '/api/v1/namespaces/default/configmaps';
    await api.send({ method: 'POST', path, query: { dryRun: 'All' }, body });
    await create(path, body);
    const log = (): string => readFileSync(plane?.auditLog ?? '', 'utf8');
    const ours = await until('the write is in the log', () => {
      const writes = writesBy('platform-test', log()).filter((write) => write.uri.startsWith(path));
      return writes.length > 0 && writes;
    });
    expect(ours).toStrictEqual([
      { verb: 'create', uri: path, user: 'kubernetes-admin', userAgent: 'platform-test', status: 201, dryRun: false },
    ]);
    const all = readAudit(log());
    expect(all.filter((write) => write.dryRun).map((write) => write.uri)).toContain(`${path}?dryRun=All`);
    expect(all.filter((write) => ['get', 'list', 'watch'].includes(write.verb))).toStrictEqual([]);
  });

  test('stops without a process left, and goes on with the same objects', async () => {
    const before = await get('/api/v1/namespaces/kube-system');
    const started = [...runner.pids];
    await stop();
    expect(started).toHaveLength(5);
    expect(started.filter(isAlive)).toStrictEqual([]);
    await start();
    expect(await get('/api/v1/namespaces/kube-system')).toMatchObject({ metadata: before.metadata });
    expect((await get('/apis/apps/v1/namespaces/default/deployments/web')).status['availableReplicas']).toBe(3);
  });

  test('says which program broke', async () => {
    const pid = plane?.pids.kwok ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await plane?.broken).toMatchObject({ program: 'kwok', because: 'SIGKILL' });
  });
});
