import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Step } from '../../../../src/engine/types.ts';
import { destroyEntrances } from '../../../../src/steps/teardown/destroy-entrances.ts';
import { destroyOperators } from '../../../../src/steps/teardown/destroy-operators.ts';
import { destroyReleases } from '../../../../src/steps/teardown/destroy-releases.ts';
import { destroySuspend } from '../../../../src/steps/teardown/destroy-suspend.ts';
import { destroyWorkloads } from '../../../../src/steps/teardown/destroy-workloads.ts';
import type { KubernetesObject } from '../../../../src/tools/ports.ts';
import { templatesIn } from '../../../../src/tools/templates.ts';
import { templateText } from '../../../helpers/template-files.ts';
import { deployment, drainWorld, MemoryCluster, thing } from './drain-cluster.ts';

const lock = templateText('teardown/admission-lock.yaml');
const lbc = 'kube-system/aws-load-balancer-controller';
const finalizer = 'ingress.k8s.aws/resources';
const ingress = (name: string, metadata: object = {}): KubernetesObject =>
  thing('networking.k8s.io/v1 Ingress', name, { finalizers: [finalizer], ...metadata });
const steps: readonly Step<unknown>[] = [
  destroySuspend,
  destroyOperators,
  destroyWorkloads,
  destroyEntrances,
  destroyReleases,
];

describe.each(steps.map((step) => [step.id, step] as const))('%s without an API', (_, step) => {
  const dead = () => {
    const cluster = new MemoryCluster([]);
    cluster.isDead = () => true;
    return cluster;
  };

  test.each([
    [{ choices: { awsOnly: true } }, 'left out by --aws-only'],
    [
      { inventory: { kubernetes: 'unreachable', because: 'refused' } },
      'the API does not answer, AWS is swept by tags: refused',
    ],
    [{ inventory: { kubernetes: 'left-out', because: 'never made' } }, 'AWS is swept by tags: never made'],
  ] as const)('%j: nothing is asked', async (setting, because) => {
    const cluster = dead();
    const world = drainWorld(cluster, setting);
    expect(await world.check(step)).toMatchObject({ state: 'satisfied', because: expect.stringContaining(because) });
    await world.apply(step);
    expect(world.clock.monotonic()).toBe(0);
  });

  test('it is work while a machine of the control plane runs, and done when none is left', async () => {
    const helm = { releases: async () => dead().port.kinds() };
    const instances = (found: readonly object[]) =>
      ({ fakes: { aws: { instances: async () => found }, helm } }) as never;
    const running = drainWorld(dead(), instances([{ node: 'k8s-master', state: 'running' }]));
    expect(await running.check(step)).toMatchObject({ state: 'needed', because: expect.stringContaining('right now') });
    const ended = drainWorld(dead(), instances([{ node: 'k8s-worker-1', state: 'running' }]));
    expect(await ended.check(step)).toMatchObject({ state: 'satisfied' });
  });

  test('two minutes of silence are the end, with the way on', async () => {
    const world = drainWorld(dead());
    await expect(world.apply(step)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      class: 'permanent',
      next: [expect.stringContaining('platform destroy --cleanup --aws-only'), expect.anything()],
    });
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(120_000);
    expect(world.clock.monotonic()).toBeLessThan(135_000);
  });

  test('the person’s stop ends the waiting', async () => {
    const world = drainWorld(dead());
    world.clock.at(1000, () => world.abort.abort());
    await expect(world.apply(step)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

/** A small platform whose controllers do their work whenever anything is written. */
function platform() {
  const data = thing('PersistentVolumeClaim', 'shop/data', { finalizers: ['kubernetes.io/pvc-protection'] });
  const cluster = new MemoryCluster([
    deployment(lbc, 1),
    deployment('kube-system/ebs-csi-controller', 1),
    deployment('rabbitmq-system/rabbitmq-cluster-operator', 1),
    thing('argoproj.io/v1alpha1 Application', 'argocd/shop', {}, { spec: { syncPolicy: { automated: {} } } }),
    thing('rabbitmq.com/v1beta1 RabbitmqCluster', 'messaging/rabbitmq', {
      finalizers: ['deletion.finalizers.rabbitmqclusters.rabbitmq.com'],
    }),
    ingress('web/shop'),
    ingress('web/admin'),
    thing(
      'Pod',
      'shop/db',
      {},
      { spec: { nodeName: 'n1', volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] } },
    ),
    data,
  ]);
  const releases = ['argocd/argocd', 'kube-system/aws-load-balancer-controller'];
  cluster.react = () => {
    for (const one of cluster.objects)
      if (
        one.metadata.deletionTimestamp !== undefined &&
        (one.kind !== 'PersistentVolumeClaim' || cluster.named('Pod shop/db') === undefined)
      )
        cluster.letGo(`${one.kind} ${one.metadata.namespace ?? ''}/${one.metadata.name}`);
  };
  const fakes = {
    templates: templatesIn('templates', {
      read: async () => lock,
      list: async () => [],
    }),
    helm: {
      releases: async () =>
        releases.map((text) => ({
          name: text.split('/')[1],
          namespace: text.split('/')[0],
          chart: 'x-1',
          status: 'deployed',
        })),
      uninstall: async ({ name }: { name: string }) => {
        cluster.calls.push(`uninstall ${name}`);
        releases.splice(
          releases.findIndex((text) => text.endsWith(`/${name}`)),
          1,
        );
      },
    },
  };
  return { cluster, fakes: fakes as never, releases };
}

test('killed after any write and begun again, the drain ends the same, and audits every deletion before it is done', async () => {
  const run = async (cuts: readonly number[]) => {
    const { cluster, fakes, releases } = platform();
    let left = [...cuts];
    const audited: string[] = [];
    for (let attempt = 0; attempt <= cuts.length; attempt += 1) {
      const world = drainWorld(cluster, { fakes });
      const cut = left.shift();
      const end = cluster.calls.length + (cut ?? Number.POSITIVE_INFINITY);
      const react = cluster.react;
      // The kill: from that write on nothing of this process is answered.
      cluster.isDead = () => cluster.calls.length >= end;
      try {
        for (const step of steps) await world.apply(step);
        left = [];
      } catch {
        expect(cluster.calls.length).toBeGreaterThanOrEqual(end);
      }
      cluster.react = react;
      cluster.isDead = () => false;
      audited.push(...world.audits.map(({ target }) => target));
    }
    for (const call of cluster.calls.filter((one) => one.startsWith('remove')))
      expect(audited).toContain(call.slice('remove '.length));
    return { names: cluster.names, releases };
  };
  const whole = await run([]);
  expect(whole.releases).toEqual([]);
  expect(whole.names.filter((name) => /Ingress|Claim|Rabbitmq|Pod /.test(name))).toEqual([]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(14), { maxLength: 3 }), async (cuts) => {
      const { names, releases } = await run(cuts);
      expect({ names: [...new Set(names)].toSorted(), releases }).toEqual({
        names: whole.names.toSorted(),
        releases: [],
      });
    }),
    { numRuns: 40 },
  );
});
