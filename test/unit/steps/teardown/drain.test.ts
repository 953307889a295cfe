import { describe, expect, test } from 'vitest';
import { destroyEntrances } from '../../../../src/steps/teardown/destroy-entrances.ts';
import { destroyOperators } from '../../../../src/steps/teardown/destroy-operators.ts';
import { removalOrder } from '../../../../src/steps/teardown/destroy-releases.ts';
import type { CloudResource, InstalledRelease, KubernetesObject } from '../../../../src/tools/ports.ts';
import { deployment, drainWorld, inventory, MemoryCluster, thing } from './drain-cluster.ts';

const lbc = 'kube-system/aws-load-balancer-controller';
const finalizer = 'ingress.k8s.aws/resources';
const ingress = (name: string, metadata: object = {}): KubernetesObject =>
  thing('networking.k8s.io/v1 Ingress', name, { finalizers: [finalizer], ...metadata });
const service = (name: string, spec: object, metadata: object = {}): KubernetesObject =>
  thing('Service', name, metadata, { spec });
const event = (about: KubernetesObject, message: string, lastTimestamp = '2026-01-01T00:00:01Z'): KubernetesObject =>
  thing(
    'Event',
    `${about.metadata.namespace ?? 'default'}/e-${message.length}`,
    {},
    {
      type: 'Warning',
      message,
      lastTimestamp,
      involvedObject: { uid: about.metadata.uid },
    },
  );
const balancer = (id: string, tags: Record<string, string>): CloudResource => ({
  kind: 'load-balancer',
  id,
  name: id,
  tags,
  state: 'active',
  phase: 'live',
  unique: {},
  holds: [],
});

describe('entrances', () => {
  test('what asks for a load balancer goes, what does not stays', async () => {
    const cluster = new MemoryCluster([
      deployment(lbc, 1),
      thing('networking.k8s.io/v1 IngressClass', 'alb'),
      thing('networking.k8s.io/v1 Ingress', 'web/shop'),
      service('web/inner', { type: 'ClusterIP' }),
      service('web/edge', { type: 'LoadBalancer' }),
      thing('gateway.networking.k8s.io/v1 Gateway', 'web/door'),
      thing('elbv2.k8s.aws/v1beta1 TargetGroupBinding', 'web/by-hand'),
    ]);
    const world = drainWorld(cluster);
    expect(await world.check(destroyEntrances)).toMatchObject({ state: 'needed', because: '4 entrances are left' });
    await world.apply(destroyEntrances);
    expect(cluster.names).toEqual([`Deployment ${lbc}`, 'IngressClass alb', 'Service web/inner']);
    expect(world.audits.map(({ target }) => target)).toEqual([
      'Ingress web/shop',
      'Service web/edge',
      'Gateway web/door',
      'TargetGroupBinding web/by-hand',
    ]);
  });

  test('a Service that was turned into another type still has its load balancer', async () => {
    const cluster = new MemoryCluster([
      service('web/edge', { type: 'ClusterIP' }, { finalizers: ['service.k8s.aws/resources'] }),
    ]);
    expect(await drainWorld(cluster).check(destroyEntrances)).toMatchObject({ state: 'needed' });
  });

  test('bindings of the controller are its own affair while their makers are there', async () => {
    const labels = { 'ingress.k8s.aws/stack': 'web/shop' };
    const cluster = new MemoryCluster([
      deployment(lbc, 1),
      ingress('web/shop'),
      thing('elbv2.k8s.aws/v1beta1 TargetGroupBinding', 'web/made', { labels }),
    ]);
    cluster.react = () => {
      expect(cluster.calls).not.toContain('remove TargetGroupBinding web/made');
      cluster.letGo('Ingress web/shop');
      cluster.react = () => {};
    };
    await drainWorld(cluster).apply(destroyEntrances);
    expect(cluster.names).toEqual([`Deployment ${lbc}`]);
  });

  test('a controller that is not installed is named at once; with --force-finalizers its finalizer goes, audited', async () => {
    const conditions = [{ type: 'NamespaceFinalizersRemaining', status: 'True', message: 'in 1 resource instances' }];
    const namespace = thing(
      'Namespace',
      'web',
      { deletionTimestamp: 'x', finalizers: ['k'] },
      { status: { conditions } },
    );
    const cluster = new MemoryCluster([ingress('web/shop'), namespace]);
    const world = drainWorld(cluster);
    const said = `Ingress web/shop waits for finalizer ${finalizer}, whose controller aws-load-balancer-controller is not installed`;
    await expect(world.apply(destroyEntrances)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: `entrances do not go away:\n  ${said}\n  Namespace web NamespaceFinalizersRemaining: in 1 resource instances`,
      next: [expect.stringContaining('--force-finalizers'), expect.stringContaining('--aws-only')],
    });
    expect(world.clock.monotonic()).toBeLessThan(1000);
    const forced = drainWorld(cluster, { choices: { forceFinalizers: true } });
    await forced.apply(destroyEntrances);
    expect(cluster.names).toEqual(['Namespace web']);
    expect(cluster.calls).toContain(`release Ingress web/shop ${finalizer}`);
    expect(forced.audits).toEqual([
      {
        action: 'release-finalizers',
        target: 'Ingress web/shop',
        because: expect.stringContaining('is not installed'),
      },
    ]);
  });

  test('a controller without a ready pod is given the time of a restart', async () => {
    const cluster = new MemoryCluster([deployment(lbc, 0), ingress('web/shop')]);
    const world = drainWorld(cluster);
    await expect(world.apply(destroyEntrances)).rejects.toMatchObject({
      message: expect.stringContaining(
        `Ingress web/shop waits for finalizer ${finalizer}, whose controller aws-load-balancer-controller has no ready pod`,
      ),
    });
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(world.clock.monotonic()).toBeLessThan(60_000);

    const restarted = new MemoryCluster([deployment(lbc, 0), ingress('web/shop')]);
    const patient = drainWorld(restarted);
    patient.clock.at(20_000, () => restarted.change(`Deployment ${lbc}`, { status: { readyReplicas: 1 } }));
    patient.clock.at(50_000, () => restarted.letGo('Ingress web/shop'));
    await patient.apply(destroyEntrances);
    expect(restarted.calls.filter((call) => call.startsWith('release'))).toEqual([]);
  });

  test('never forced: what a living controller or Kubernetes itself still serves', async () => {
    const held = ingress('web/shop', { finalizers: [finalizer, 'foregroundDeletion'] });
    const cluster = new MemoryCluster([deployment(lbc, 1), held]);
    const world = drainWorld(cluster, { choices: { forceFinalizers: true } });
    await expect(world.apply(destroyEntrances)).rejects.toMatchObject({ code: 'LEFTOVERS' });
    expect(cluster.calls.filter((call) => call.startsWith('release'))).toEqual([]);
  });

  test('a controller that fails is waited for as long as anything changes, then its own words are in the error', async () => {
    const held = ingress('web/shop');
    const cluster = new MemoryCluster([deployment(lbc, 1), held]);
    const world = drainWorld(cluster);
    const tell = (message: string) => cluster.objects.push(event(held, message));
    tell('old news'.concat(' of before'));
    cluster.change('Event web/e-18', { lastTimestamp: '2025-01-01T00:00:00Z' });
    world.clock.at(200_000, () => tell('AccessDenied: DeleteSecurityGroup, request id: 1-2'));
    world.clock.at(400_000, () => {
      cluster.objects.pop();
      tell('AccessDenied: DeleteSecurityGroup, request id: 3-44');
    });
    await expect(world.apply(destroyEntrances)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringMatching(
        /^entrances do not go away \(unchanged for [\dm s]+\):\n {2}Ingress web\/shop waits for finalizer \S+ of aws-load-balancer-controller; AccessDenied: DeleteSecurityGroup$/,
      ),
    });
    expect(world.clock.monotonic()).toBeGreaterThan(490_000);
    expect(world.clock.monotonic()).toBeLessThan(530_000);
    expect(world.notes.join()).toContain('(unchanged for 1m');
  });

  test('no phase takes longer than twenty minutes, however much seems to move; the same command goes on where it stopped', async () => {
    const held = ingress('web/shop');
    const cluster = new MemoryCluster([deployment(lbc, 1), held]);
    const world = drainWorld(cluster);
    for (let minute = 1; minute <= 40; minute += 1)
      world.clock.at(minute * 60_000, () => {
        cluster.objects = cluster.objects.filter(({ kind }) => kind !== 'Event');
        cluster.objects.push(event(held, `AccessDenied: try ${minute}`));
      });
    await expect(world.apply(destroyEntrances)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringMatching(
        /^entrances do not go away \(after 20m.*, though they still change\):\n {2}Ingress web\/shop .*; AccessDenied: try \d+$/,
      ),
      next: [
        'platform destroy --cleanup: looks again, and goes on from here',
        'platform destroy --cleanup --aws-only: goes on without Kubernetes, by tags',
      ],
    });
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(20 * 60_000);
    expect(world.clock.monotonic()).toBeLessThan(21 * 60_000);
    expect(world.notes.at(-1)).toContain('waiting for entrances: Ingress web/shop');
    const again = drainWorld(cluster);
    again.clock.at(100_000, () => cluster.letGo('Ingress web/shop'));
    await again.apply(destroyEntrances);
    expect(cluster.names.filter((name) => name.startsWith('Ingress'))).toEqual([]);
  });

  test.each([
    ['an event', {}, 'OperationNotPermitted: Load balancer cannot be deleted because deletion protection is enabled'],
    [
      'the annotation',
      { 'alb.ingress.kubernetes.io/load-balancer-attributes': 'a=b,deletion_protection.enabled=true' },
      undefined,
    ],
  ])('deletion protection, told by %s, is left to the sweep', async (_, annotations, message) => {
    const held = ingress('web/shop', { annotations });
    const cluster = new MemoryCluster([deployment(lbc, 1), held, ingress('web/other')]);
    if (message !== undefined) cluster.objects.push(event(held, message));
    cluster.react = () => cluster.letGo('Ingress web/other');
    const stack = { 'elbv2.k8s.aws/cluster': inventory.clusterId, 'ingress.k8s.aws/stack': 'web/shop' };
    const world = drainWorld(cluster, { cloud: () => [balancer('lb-1', stack)] });
    expect(await world.check(destroyEntrances)).toMatchObject({ state: 'needed' });
    const left = [expect.stringContaining('Ingress web/shop')];
    expect(await world.apply(destroyEntrances)).toEqual({ leftToSweep: left });
    expect(await world.check(destroyEntrances)).toMatchObject({ state: 'satisfied', output: { leftToSweep: left } });
  });

  test('AWS is asked until it shows none of their load balancers; those of others are not waited for', async () => {
    const group = { 'ingress.k8s.aws/stack': 'shared', 'elbv2.k8s.aws/cluster': inventory.clusterId };
    const cluster = new MemoryCluster([
      deployment(lbc, 1),
      ingress('web/shop', { finalizers: ['group.ingress.k8s.aws/shared'] }),
    ]);
    cluster.react = () => cluster.letGo('Ingress web/shop');
    let shown = [balancer('ours', group)];
    const strangers = [
      balancer('by hand', {}),
      balancer('of another cluster', { ...group, 'elbv2.k8s.aws/cluster': 'other' }),
      balancer('leaked long ago', { ...group, 'ingress.k8s.aws/stack': 'web/forgotten' }),
    ];
    const world = drainWorld(cluster, { cloud: () => [...shown, ...strangers] });
    world.clock.at(45_000, () => (shown = []));
    expect(await world.apply(destroyEntrances)).toEqual({ leftToSweep: [] });
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(45_000);
    expect(world.clock.monotonic()).toBeLessThan(55_000);
  });

  test('a security group that interfaces hold is left to the sweep, as soon as the load balancer is gone', async () => {
    const stack = { 'elbv2.k8s.aws/cluster': inventory.clusterId, 'ingress.k8s.aws/stack': 'shared' };
    const group: CloudResource = { ...balancer('sg-1', stack), kind: 'security-group' };
    const held = ingress('web/shop', { finalizers: ['group.ingress.k8s.aws/shared'] });
    const cluster = new MemoryCluster([deployment(lbc, 1), held]);
    let shown = [balancer('lb-1', stack), group];
    const world = drainWorld(cluster, { cloud: () => shown });
    world.clock.at(20_000, () => (shown = [group]));
    const left = { leftToSweep: [expect.stringContaining('Ingress web/shop waits for finalizer')] };
    expect(await world.apply(destroyEntrances)).toEqual(left);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(20_000);
    expect(world.clock.monotonic()).toBeLessThan(25_000);
    // Killed here: its controller is uninstalled by then.
    cluster.change(`Deployment ${lbc}`, { status: { readyReplicas: 0 } });
    expect(await world.check(destroyEntrances)).toMatchObject({ state: 'satisfied', output: left });
  });

  test.each([
    ['a group of another stack', { 'ingress.k8s.aws/stack': 'other' }, [finalizer]],
    [
      'a group of another cluster',
      { 'elbv2.k8s.aws/cluster': 'other', 'ingress.k8s.aws/stack': 'web/shop' },
      [finalizer],
    ],
    ['somebody else’s finalizer', { 'ingress.k8s.aws/stack': 'web/shop' }, [finalizer, 'kubernetes']],
  ])('%s: the controller is waited for as before', async (_, tags, finalizers) => {
    const ours = { 'elbv2.k8s.aws/cluster': inventory.clusterId, ...tags };
    const cluster = new MemoryCluster([deployment(lbc, 1), ingress('web/shop', { finalizers })]);
    const world = drainWorld(cluster, { cloud: () => [{ ...balancer('sg-1', ours), kind: 'security-group' }] });
    world.clock.at(40_000, () => cluster.letGo('Ingress web/shop'));
    expect(await world.apply(destroyEntrances)).toEqual({ leftToSweep: [] });
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(40_000);
  });

  test('what AWS goes on showing is left to the sweep, by name', async () => {
    const stack = { 'elbv2.k8s.aws/cluster': inventory.clusterId, 'ingress.k8s.aws/stack': 'web/shop' };
    const cluster = new MemoryCluster([thing('networking.k8s.io/v1 Ingress', 'web/shop')]);
    const world = drainWorld(cluster, { cloud: () => [balancer('lb-1', stack)] });
    expect(await world.apply(destroyEntrances)).toEqual({ leftToSweep: ['load-balancer lb-1 (active)'] });
  });
});

describe('operators', () => {
  test('queues before their broker, other operators’ resources not at all', async () => {
    const queue = thing('rabbitmq.com/v1beta1 Queue', 'messaging/orders', {
      finalizers: ['deletion.finalizers.queues.rabbitmq.com'],
    });
    const cluster = new MemoryCluster([
      deployment('rabbitmq-system/messaging-topology-operator', 1),
      deployment('rabbitmq-system/rabbitmq-cluster-operator', 1),
      thing('rabbitmq.com/v1beta1 RabbitmqCluster', 'messaging/rabbitmq'),
      queue,
      thing('s3.services.k8s.aws/v1alpha1 Bucket', 'shop/photos', {
        finalizers: ['finalizers.s3.services.k8s.aws/Bucket'],
      }),
    ]);
    const world = drainWorld(cluster);
    world.clock.at(5000, () => cluster.letGo('Queue messaging/orders'));
    await world.apply(destroyOperators);
    expect(cluster.calls).toEqual(['remove Queue messaging/orders', 'remove RabbitmqCluster messaging/rabbitmq']);
    expect(cluster.names).toContain('Bucket shop/photos');
    expect(await world.check(destroyOperators)).toMatchObject({ state: 'satisfied' });
  });
});

describe('releases', () => {
  const release = (name: string, namespace: string, chart: string): InstalledRelease => ({
    name,
    namespace,
    chart,
    status: 'deployed',
  });

  test('what others installed first, ours backwards, controllers last, the network not at all', () => {
    const installed = [
      release('aws-ebs-csi-driver', 'kube-system', 'aws-ebs-csi-driver-2.64.0'),
      release('cilium', 'kube-system', 'cilium-1.19.0'),
      release('aws-load-balancer-controller', 'kube-system', 'aws-load-balancer-controller-3.5.0'),
      release('argocd', 'argocd', 'argo-cd-10.1.1'),
      release('argocd', 'elsewhere', 'argo-cd-10.1.1'),
      release('cert-manager', 'cert-manager', 'cert-manager-1.20.0'),
      release('external-dns', 'dns', 'external-dns-1.20.0'),
    ];
    expect(removalOrder(installed).map(({ name, namespace }) => `${namespace}/${name}`)).toEqual([
      'elsewhere/argocd',
      'dns/external-dns',
      'argocd/argocd',
      'cert-manager/cert-manager',
      'kube-system/aws-load-balancer-controller',
      'kube-system/aws-ebs-csi-driver',
    ]);
  });
});
