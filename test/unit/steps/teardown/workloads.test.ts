import { describe, expect, test } from 'vitest';
import { destroyWorkloads } from '../../../../src/steps/teardown/destroy-workloads.ts';
import type { KubernetesObject } from '../../../../src/tools/ports.ts';
import { deployment, drainWorld, MemoryCluster, thing } from './drain-cluster.ts';

describe('workloads', () => {
  const volume = (
    name: string,
    policy: string,
    claim: KubernetesObject | undefined,
    metadata: object = {},
  ): KubernetesObject =>
    thing(
      'PersistentVolume',
      name,
      { annotations: { 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' }, ...metadata },
      {
        spec: {
          persistentVolumeReclaimPolicy: policy,
          csi: { volumeHandle: `vol-${name}` },
          claimRef: { uid: claim?.metadata.uid },
        },
      },
    );
  const claim = (name: string): KubernetesObject =>
    thing('PersistentVolumeClaim', name, { finalizers: ['kubernetes.io/pvc-protection'] });
  const owned = (owner: KubernetesObject) => ({
    ownerReferences: [
      {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.metadata.name,
        uid: owner.metadata.uid,
        controller: true,
      },
    ],
  });
  const pod = (name: string, claimName: string, owner?: KubernetesObject, nodeName = 'n1'): KubernetesObject =>
    thing('Pod', name, owner === undefined ? {} : owned(owner), {
      spec: { nodeName, volumes: [{ persistentVolumeClaim: { claimName } }] },
    });
  /** What Kubernetes and the driver do: a claim goes when no pod uses it, its volume by its policy. */
  const alive = (cluster: MemoryCluster) => () => {
    const { objects } = cluster;
    if (objects.some(({ kind }) => kind === 'Pod')) return;
    for (const one of objects)
      if (one.kind === 'PersistentVolumeClaim' && one.metadata.deletionTimestamp !== undefined)
        cluster.letGo(`PersistentVolumeClaim ${one.metadata.namespace ?? ''}/${one.metadata.name}`);
    cluster.objects = cluster.objects.filter(
      (one) =>
        one.kind !== 'PersistentVolume' ||
        (one['spec'] as { persistentVolumeReclaimPolicy?: string }).persistentVolumeReclaimPolicy !== 'Delete' ||
        cluster.objects.some(
          ({ kind, metadata }) =>
            kind === 'PersistentVolumeClaim' &&
            metadata.uid === (one['spec'] as { claimRef?: { uid?: string } }).claimRef?.uid,
        ),
    );
  };

  test('the workload at the top goes before its pods, and nothing that uses no claim', async () => {
    const data = claim('shop/data');
    const operator = thing('acme.io/v1 Database', 'shop/db');
    const top = thing('apps/v1 Deployment', 'shop/web', owned(operator));
    const set = thing('apps/v1 ReplicaSet', 'shop/web-1', owned(top));
    const cluster = new MemoryCluster([
      deployment('shop/stateless', 1),
      thing('Pod', 'shop/stateless-1', {}, { spec: { volumes: [{ emptyDir: {} }] } }),
      operator,
      top,
      set,
      pod('shop/web-1-a', 'data', set),
      data,
      volume('v1', 'Delete', data),
    ]);
    cluster.react = () => {
      if (cluster.named('Pod shop/web-1-a') === undefined) {
        cluster.objects = cluster.objects.filter(({ metadata }) => metadata.name !== 'stateless-1');
        alive(cluster)();
      }
    };
    await drainWorld(cluster).apply(destroyWorkloads);
    expect(cluster.calls).toEqual([
      'remove Deployment shop/web',
      'remove Pod shop/web-1-a',
      'remove PersistentVolumeClaim shop/data',
    ]);
    expect(cluster.names).toEqual(expect.arrayContaining(['Database shop/db', 'Deployment shop/stateless']));
  });

  test('Retain is data: kept and named, or reclaimed when that is asked for', async () => {
    const make = () => {
      const data = claim('shop/data');
      const cluster = new MemoryCluster([
        data,
        volume('v1', 'Retain', data),
        volume('foreign', 'Delete', undefined, { annotations: {} }),
      ]);
      cluster.react = alive(cluster);
      return cluster;
    };
    const kept = make();
    const world = drainWorld(kept);
    expect(await world.check(destroyWorkloads)).toMatchObject({
      preview: ['delete PersistentVolumeClaim shop/data', 'keep PersistentVolume v1 (vol-v1)'],
    });
    expect(await world.apply(destroyWorkloads)).toEqual({ kept: ['PersistentVolume v1 (vol-v1)'], leftToSweep: [] });
    expect(kept.names).toContain('PersistentVolume v1');
    const gone = make();
    const asked = drainWorld(gone, { choices: { deleteData: true } });
    expect(await asked.apply(destroyWorkloads)).toEqual({ kept: [], leftToSweep: [] });
    expect(asked.audits.map(({ action, target }) => `${action} ${target}`)).toEqual([
      'reclaim PersistentVolume v1',
      'delete PersistentVolumeClaim shop/data',
    ]);
  });

  test('a pod on a machine that does not answer never ends: its volume is left to the sweep', async () => {
    const data = claim('shop/data');
    const cluster = new MemoryCluster([
      thing(
        'Node',
        'lost',
        {},
        { spec: { providerID: 'aws:///a/i-1' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
      ),
      thing(
        'Pod',
        'shop/db',
        { finalizers: ['held'] },
        { spec: { nodeName: 'lost', volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] } },
      ),
      data,
      volume('v1', 'Delete', data),
    ]);
    const world = drainWorld(cluster);
    expect(await world.check(destroyWorkloads)).toMatchObject({ state: 'needed' });
    expect(await world.apply(destroyWorkloads)).toEqual({
      kept: [],
      leftToSweep: [
        expect.stringMatching(
          /^PersistentVolumeClaim shop\/data .*is used by Pod shop\/db, whose node lost does not answer/,
        ),
        expect.stringContaining('PersistentVolume v1 is used by Pod shop/db'),
      ],
    });
    expect(await world.check(destroyWorkloads)).toMatchObject({ state: 'satisfied' });
  });

  test('a volume whose driver is gone is left to the sweep, though nothing marks it', async () => {
    const data = claim('shop/data');
    const cluster = new MemoryCluster([data, volume('v1', 'Delete', data)]);
    cluster.react = () => cluster.letGo('PersistentVolumeClaim shop/data');
    expect(await drainWorld(cluster).apply(destroyWorkloads)).toEqual({
      kept: [],
      leftToSweep: ['PersistentVolume v1 is released, and ebs-csi-controller has no ready pod that would delete it'],
    });
  });

  test('a pod that does not end is named as what holds the volume', async () => {
    const data = claim('shop/data');
    const stuck = thing(
      'Pod',
      'shop/db',
      { finalizers: ['acme.io/x'] },
      {
        spec: {
          nodeName: 'n1',
          volumes: [{ name: 'cache', ephemeral: {} }, { persistentVolumeClaim: { claimName: 'data' } }],
        },
      },
    );
    const cluster = new MemoryCluster([deployment('kube-system/ebs-csi-controller', 1), stuck, data]);
    await expect(drainWorld(cluster).apply(destroyWorkloads)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringContaining(
        'PersistentVolumeClaim shop/data waits for finalizer kubernetes.io/pvc-protection of Kubernetes itself; is used by Pod shop/db',
      ),
    });
  });
});
