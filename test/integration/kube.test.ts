import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/tools/clock.ts';
import { openCluster } from '../../src/tools/kube/cluster.ts';
import type { OpenCluster } from '../../src/tools/kube/cluster.ts';
import type { KubernetesObject } from '../../src/tools/ports-cluster.ts';
import { noCluster, startLiveCluster } from '../helpers/live-cluster.ts';
import type { LiveCluster } from '../helpers/live-cluster.ts';
import { until } from '../helpers/until.ts';

const namespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } };
const deployment = (spec: object = {}, name = 'web'): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'demo' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'registry.k8s.io/pause:3.10' }] },
    },
    ...spec,
  },
});
const queueDefinition: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'queues.acme.io' },
  spec: {
    group: 'acme.io',
    scope: 'Namespaced',
    names: { plural: 'queues', singular: 'queue', kind: 'Queue' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};
const queue = (spec: object): KubernetesObject => ({
  apiVersion: 'acme.io/v1',
  kind: 'Queue',
  metadata: { name: 'orders', namespace: 'demo' },
  spec,
});

describe.skipIf(noCluster !== '')(`Kubernetes adapter against a real API server ${noCluster}`, () => {
  let live: LiveCluster;
  let cluster: OpenCluster;
  const open = (more: Partial<Parameters<typeof openCluster>[0]> = {}): Promise<OpenCluster> =>
    openCluster({ kubeconfig: live.kubeconfig, clock: systemClock, version: 'test', ...more });

  beforeAll(async () => {
    live = await startLiveCluster();
    cluster = await open();
  });
  afterAll(async () => {
    cluster?.close();
    await live?.stop();
  });

  test('looking leaves no write in the audit log, strict dry-runs included', async () => {
    await cluster.identity();
    expect(await cluster.raw('/readyz?verbose')).toMatchObject({
      status: 200,
      body: expect.stringContaining('[+]etcd ok'),
    });
    expect(await cluster.list({ apiVersion: 'v1', kind: 'Namespace' })).toHaveLength(4);
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'demo' })).toBeUndefined();
    expect(await cluster.dryRunApply(deployment())).toEqual({
      result: 'absent',
      because: 'the namespace demo does not exist',
    });
    expect(await cluster.dryRunApply(queue({}))).toEqual({
      result: 'absent',
      because: 'the kind Queue is not installed',
    });
    expect((await cluster.dryRunCreate(namespace)).metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(live.writes('platform/test')).toEqual([]);
  });

  test('an apply is kept, and the same apply again changes nothing', async () => {
    await cluster.apply(namespace);
    const first = await cluster.apply(deployment());
    expect(first.metadata.managedFields).toMatchObject([{ manager: 'platform', operation: 'Apply' }]);
    expect(await cluster.dryRunApply(deployment())).toMatchObject({ result: 'same' });
    expect(await cluster.dryRunApply(deployment({ replicas: 3 }))).toEqual({
      result: 'differs',
      because: 'Deployment web: spec.replicas is 1 instead of 3',
    });
    expect(await cluster.dryRunApply(deployment({}, 'other'))).toEqual({
      result: 'absent',
      because: 'Deployment other does not exist',
    });
    expect((await cluster.apply(deployment())).metadata.generation).toBe(first.metadata.generation);
    expect(live.writes('platform/test').map((write) => write.verb)).toEqual(['patch', 'patch', 'patch']);
  });

  test('a namespace on an object that has none is not held against it', async () => {
    const scoped = { ...namespace, metadata: { ...namespace.metadata, namespace: 'demo' } };
    expect(await cluster.dryRunApply(scoped)).toMatchObject({ result: 'same' });
  });

  test('every unknown field is named, permanently: on create with 400, on apply with 500', async () => {
    const wrong = deployment({
      replcas: 2,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', imge: 'x' }] } },
    });
    await expect(
      cluster.dryRunCreate({ ...wrong, metadata: { ...wrong.metadata, name: 'wrong' } }),
    ).rejects.toMatchObject({
      code: 'KUBERNETES',
      class: 'permanent',
      message: expect.stringMatching(/(?=.*"spec\.replcas")(?=.*imge")/s),
      facts: { status: 400 },
    });
    await expect(cluster.apply(wrong)).rejects.toMatchObject({
      code: 'KUBERNETES',
      class: 'permanent',
      message: expect.stringContaining('field not declared in schema'),
    });
  });

  test('a value that is not allowed and an unknown kind are permanent', async () => {
    await expect(cluster.apply(deployment({ replicas: -1 }))).rejects.toMatchObject({
      class: 'permanent',
      facts: { status: 422, reason: 'Invalid' },
    });
    await expect(cluster.apply(queue({}))).rejects.toMatchObject({
      code: 'KUBERNETES',
      facts: { status: 404, reason: 'KindNotFound' },
    });
    await expect(cluster.dryRunCreate(deployment())).rejects.toMatchObject({
      class: 'permanent',
      facts: { status: 409, reason: 'AlreadyExists' },
    });
  });

  test('a field of another manager is a conflict that names it', async () => {
    expect(await cluster.dryRunApply(deployment({ replicas: 5 }), 'somebody')).toEqual({
      result: 'differs',
      because: '.spec.replicas belongs to platform',
    });
  });

  test('a kind that comes later is found', async () => {
    await cluster.apply(queueDefinition);
    await until('the kind is served', () => cluster.apply(queue({ size: 3 })).catch(() => undefined));
    expect(await cluster.list({ apiVersion: 'acme.io/v1', kind: 'Queue', namespace: 'demo' })).toMatchObject([
      { kind: 'Queue', spec: { size: 3 } },
    ]);
    expect(await cluster.dryRunApply(queue({ size: 4 }))).toMatchObject({
      result: 'differs',
      because: 'Queue orders: spec.size is 3 instead of 4',
    });
    await expect(cluster.apply(queue({ sise: 4 }))).rejects.toMatchObject({
      class: 'permanent',
      message: expect.stringContaining('sise'),
    });
  });

  test('the same cluster passes, another one is refused before the first write', async () => {
    const identity = await cluster.identity();
    expect(identity).toEqual({
      server: live.server,
      authority: expect.stringMatching(/^[0-9a-f]{64}$/),
      uid: expect.stringMatching(/-/),
    });
    const mine = await open({ version: 'mine', expected: { ...identity, server: 'https://elsewhere:6443' } });
    const other = await open({
      version: 'other',
      expected: { ...identity, uid: '00000000-0000-0000-0000-000000000000' },
    });
    await mine.apply(namespace);
    await expect(other.apply(namespace)).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(live.writes('platform/mine')).toHaveLength(1);
    expect(live.writes('platform/other')).toEqual([]);
    mine.close();
    other.close();
  });

  test('removing is fine twice, and for a kind that is not there', async () => {
    const reference = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'demo', name: 'web' };
    await cluster.remove(reference);
    await cluster.remove(reference);
    await cluster.remove({ apiVersion: 'none.io/v1', kind: 'None', name: 'x' });
    expect(await cluster.get(reference)).toBeUndefined();
    const replicaSets = () => cluster.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'demo' });
    await until('what the deployment owned is gone', async () => (await replicaSets()).length === 0);
  });

  test('a terminating namespace refuses creates for now only', async () => {
    await cluster.apply({
      ...namespace,
      metadata: { name: 'leaving', finalizers: ['acme.io/hold'] },
    });
    await cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name: 'leaving' });
    const late = { ...deployment(), metadata: { name: 'late', namespace: 'leaving' } };
    await expect(cluster.apply(late)).rejects.toMatchObject({ class: 'transient', facts: { status: 403 } });
    await cluster.apply({ ...namespace, metadata: { name: 'leaving', finalizers: [] } });
  });

  test('a deletion that names a uid spares a namesake, and finalizers go one by one', async () => {
    const held: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: 'demo', finalizers: ['acme.io/one', 'acme.io/two'] },
    };
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'demo', name: 'held' };
    const { uid = '' } = (await cluster.apply(held)).metadata;
    const stranger = '00000000-0000-0000-0000-000000000000';
    await cluster.remove(reference, { uid: stranger });
    expect((await cluster.get(reference))?.metadata.deletionTimestamp).toBeUndefined();
    await cluster.remove(reference, { uid, propagation: 'foreground' });
    await cluster.releaseFinalizers(reference, stranger, ['acme.io/one']);
    await cluster.releaseFinalizers(reference, uid, ['acme.io/one']);
    // The foreground deletion may have added one of its own, which the garbage collector takes off.
    expect((await cluster.get(reference))?.metadata.finalizers).not.toContain('acme.io/one');
    expect((await cluster.get(reference))?.metadata.finalizers).toContain('acme.io/two');
    await cluster.releaseFinalizers(reference, uid, ['acme.io/two']);
    await until('it is gone', async () => (await cluster.get(reference)) === undefined);
    await cluster.releaseFinalizers(reference, uid, ['acme.io/two']);
  });

  test('a merge changes what it names, null removes, and what is not there stays away', async () => {
    const reference = { apiVersion: 'acme.io/v1', kind: 'Queue', namespace: 'demo', name: 'orders' };
    await cluster.apply(queue({ size: 3 }));
    expect(
      await cluster.merge(reference, { metadata: { annotations: { a: 'b' } }, spec: { size: null } }),
    ).toMatchObject({
      metadata: { annotations: { a: 'b' } },
      spec: {},
    });
    expect(await cluster.merge({ ...reference, name: 'none' }, { spec: {} })).toBeUndefined();
    expect(await cluster.merge({ ...reference, kind: 'None' }, { spec: {} })).toBeUndefined();
  });

  test('all kinds are told once; a dead aggregated server is named; a kind that went away has no objects', async () => {
    const service = { name: 'none', namespace: 'demo' };
    await cluster.apply({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.dead.acme.io' },
      spec: { group: 'dead.acme.io', version: 'v1', groupPriorityMinimum: 100, versionPriority: 1, service },
    });
    const { kinds, unavailable } = await until('the dead group is named', async () => {
      const told = await cluster.kinds();
      return told.unavailable.length > 0 && told;
    });
    expect(unavailable).toEqual(['dead.acme.io']);
    expect(kinds).toContainEqual({ apiVersion: 'acme.io/v1', kind: 'Queue', namespaced: true });
    expect(kinds).toContainEqual({ apiVersion: 'v1', kind: 'Node', namespaced: false });
    expect(kinds.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')).toHaveLength(1);
    expect(kinds.filter(({ kind }) => kind === 'Binding')).toEqual([]);

    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    await cluster.remove({ ...definition, name: 'queues.acme.io' });
    await until(
      'the kind is gone',
      async () => (await cluster.list({ apiVersion: 'acme.io/v1', kind: 'Queue' })).length === 0,
    );
    await until(
      'its definition is gone',
      async () => (await cluster.get({ ...definition, name: 'queues.acme.io' })) === undefined,
    );
    expect(await cluster.list({ apiVersion: 'acme.io/v1', kind: 'Queue' })).toEqual([]);
  });

  test('600 objects come in pages', async () => {
    const configMap = (index: number): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `c${index}`, namespace: 'demo', labels: { many: 'yes' } },
    });
    await Promise.all(Array.from({ length: 600 }, (_, index) => cluster.apply(configMap(index))));
    expect(
      await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'demo', labels: 'many=yes' }),
    ).toHaveLength(600);
  });
});
