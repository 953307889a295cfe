import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { destroySuspend } from '../../../../src/steps/teardown/destroy-suspend.ts';
import { memory, suspendables } from '../../../../src/steps/teardown/suspendables.ts';
import { unlockCluster } from '../../../../src/steps/teardown/unlock-cluster.ts';
import { templatesIn } from '../../../../src/tools/templates.ts';
import type { KubernetesObject } from '../../../../src/tools/ports.ts';
import { templateText } from '../../../helpers/template-files.ts';
import { deployment, drainWorld, inventory, MemoryCluster, thing } from './drain-cluster.ts';

const lock = templateText('teardown/admission-lock.yaml');
const templates = templatesIn('templates', {
  read: async () => lock,
  list: async () => [],
});
const healing = { spec: { project: 'default', syncPolicy: { automated: { selfHeal: true }, retry: { limit: 2 } } } };
const application = (name: string, parts: object = healing): KubernetesObject =>
  thing('argoproj.io/v1alpha1 Application', name, {}, parts);

/** The cluster id is read from the state folder, as with a local state. */
function suspendWorld(cluster: MemoryCluster) {
  const files = { read: async () => JSON.stringify({ clusterId: inventory.clusterId }) };
  const aws = { caller: async () => ({ account: '1', arn: '' }) };
  const world = drainWorld(cluster, { fakes: { templates, files, aws } });
  const ctx = { ...world.ctx, config: { ...world.ctx.config, state: { kind: 'local' as const } } };
  return { ...world, unlock: () => world.clock.drive(unlockCluster(ctx)) };
}

/** One of each kind that does something, in a state that somebody may have chosen. */
const anyReconciler = fc.oneof(
  fc
    .record({ selfHeal: fc.boolean(), prune: fc.boolean() }, { requiredKeys: [] })
    .map((automated) => application('argocd/a', { spec: { syncPolicy: { automated, syncOptions: ['x'] } } })),
  fc
    .constantFrom(undefined, { syncPolicy: { applicationsSync: 'sync' } })
    .map((spec) => thing('argoproj.io/v1alpha1 ApplicationSet', 'argocd/a', {}, { spec: { ...spec, generators: [] } })),
  fc
    .constantFrom({}, { suspend: false })
    .map((spec) =>
      thing('kustomize.toolkit.fluxcd.io/v1 Kustomization', 'flux/a', {}, { spec: { ...spec, path: '.' } }),
    ),
  fc
    .constantFrom({}, { suspend: false })
    .map((spec) => thing('helm.toolkit.fluxcd.io/v2 HelmRelease', 'flux/a', {}, { spec })),
  fc
    .constantFrom({ x: 'y' }, { 'autoscaling.keda.sh/paused': 'false' })
    .map((annotations) => thing('keda.sh/v1alpha1 ScaledObject', 'shop/a', { annotations }, { spec: {} })),
  fc
    .constantFrom({ limits: { cpu: '100', memory: '1Ti' } }, { limits: { memory: '1Ti' } })
    .map((spec) => thing('karpenter.sh/v1 NodePool', 'a', {}, { spec })),
  fc
    .nat(3)
    .map((more) => thing('apps/v1 Deployment', 'kube-system/cluster-autoscaler', {}, { spec: { replicas: more + 1 } })),
);

/** A record that holds nothing is what is left where something was put and taken away again: no difference. */
const plain = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const parts = Object.entries(value).map(([key, part]) => [key, plain(part)] as const);
  return Object.fromEntries(parts.filter(([key, part]) => key === 'automated' || JSON.stringify(part) !== '{}'));
};

test('whatever is suspended is put back exactly as it was', async () => {
  await fc.assert(
    fc.asyncProperty(anyReconciler, async (before) => {
      const cluster = new MemoryCluster([before]);
      const name = cluster.names[0] ?? '';
      const world = suspendWorld(cluster);
      await world.apply(destroySuspend);
      const suspended = cluster.named(name);
      expect(suspended?.metadata.annotations?.[memory]).toBeDefined();
      expect(suspendables.map((one) => one.kind === suspended?.kind && one.suspend(suspended))).not.toContainEqual(
        expect.objectContaining({ stop: expect.anything() }),
      );
      await world.unlock();
      expect(plain(cluster.named(name))).toEqual(plain(before));
    }),
    { numRuns: 50 },
  );
});

describe('suspension', () => {
  test('what does not run by itself is left alone', async () => {
    const still = [
      application('argocd/manual', { spec: { syncPolicy: { syncOptions: [] } } }),
      application('argocd/off', { spec: { syncPolicy: { automated: { enabled: false } } } }),
      thing('kustomize.toolkit.fluxcd.io/v1 Kustomization', 'flux/a', {}, { spec: { suspend: true } }),
      deployment('shop/web', 1),
    ];
    const cluster = new MemoryCluster(still);
    const world = suspendWorld(cluster);
    await world.apply(destroySuspend);
    expect(cluster.calls.filter((call) => call.startsWith('merge'))).toEqual([]);
    expect(await world.check(destroySuspend)).toMatchObject({ state: 'satisfied' });
  });

  test('a child that its parent heals is suspended again, until the parent is stopped', async () => {
    const cluster = new MemoryCluster([application('argocd/child'), application('argocd/parent')]);
    cluster.react = () => {
      cluster.react = () => {};
      cluster.change('Application argocd/child', healing);
    };
    const world = suspendWorld(cluster);
    await world.apply(destroySuspend);
    expect(cluster.calls.filter((call) => call === 'merge Application argocd/child')).toHaveLength(2);
    expect(world.notes).toContain('suspending Application argocd/child again: somebody put it back');
  });

  test('who puts it back for ever is an error that names it', async () => {
    const cluster = new MemoryCluster([application('argocd/child')]);
    cluster.react = () => cluster.change('Application argocd/child', healing);
    await expect(suspendWorld(cluster).apply(destroySuspend)).rejects.toMatchObject({
      code: 'STEP_FAILED',
      message: 'somebody puts back what is suspended: Application argocd/child',
    });
  });

  test('the lock counts once the server denies; namespaces of controllers are exempt, wherever they are', async () => {
    const cluster = new MemoryCluster([deployment('edge/aws-load-balancer-controller', 1)]);
    let asked = 0;
    const { port } = cluster;
    const slow = port.dryRunCreate;
    Object.assign(port, {
      dryRunCreate: async (object: KubernetesObject) => ((asked += 1) < 4 ? object : slow(object)),
    });
    const world = suspendWorld(cluster);
    await world.apply(destroySuspend);
    expect(asked).toBe(4);
    const policy = JSON.stringify(cluster.named('ValidatingAdmissionPolicy platform-teardown'));
    expect(policy).toContain('\\"edge\\"');
    expect(policy).toContain('\\"kube-system\\"');
  });

  test('a server that never denies is an error, and no teardown goes on without the lock', async () => {
    const cluster = new MemoryCluster([]);
    Object.assign(cluster.port, { dryRunCreate: async (object: KubernetesObject) => object });
    await expect(suspendWorld(cluster).apply(destroySuspend)).rejects.toMatchObject({
      code: 'KUBERNETES',
      message: expect.stringContaining('still accepts new objects'),
    });
  });

  test('a memory that was damaged by hand is named, and the rest is put back', async () => {
    const cluster = new MemoryCluster([application('argocd/a'), application('argocd/b')]);
    const world = suspendWorld(cluster);
    await world.apply(destroySuspend);
    cluster.change('Application argocd/a', { metadata: { annotations: { [memory]: '{' } } });
    expect(await world.unlock()).toEqual([
      'removed ValidatingAdmissionPolicyBinding platform-teardown',
      'removed ValidatingAdmissionPolicy platform-teardown',
      'restored Application argocd/b',
      `left Application argocd/a suspended: its annotation ${memory} cannot be read`,
    ]);
  });

  test('another cluster is neither locked nor unlocked', async () => {
    const cluster = new MemoryCluster([application('argocd/a')]);
    cluster.uid = 'another';
    const world = suspendWorld(cluster);
    await expect(world.apply(destroySuspend)).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    await expect(world.unlock()).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
    expect(cluster.calls).toEqual([]);
  });
});
