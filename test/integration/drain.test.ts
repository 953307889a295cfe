import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TeardownChoices } from '../../src/config/config.ts';
import type { Audit, Step } from '../../src/engine/types.ts';
import { listOf, textOf } from '../../src/sandbox/controllers/shared/fields.ts';
import type { StepContext } from '../../src/steps/kit.ts';
import { hostnameGiven } from '../../src/steps/probes/load-balancer.ts';
import { driverOnEveryNode } from '../../src/steps/probes/extensions.ts';
import { rabbitmqReady } from '../../src/steps/probes/rabbitmq.ts';
import { rolledOut } from '../../src/steps/probes/workloads.ts';
import { destroyEntrances } from '../../src/steps/teardown/destroy-entrances.ts';
import { destroyOperators } from '../../src/steps/teardown/destroy-operators.ts';
import { destroyReleases } from '../../src/steps/teardown/destroy-releases.ts';
import { destroySuspend } from '../../src/steps/teardown/destroy-suspend.ts';
import { destroyWorkloads } from '../../src/steps/teardown/destroy-workloads.ts';
import { unlockCluster } from '../../src/steps/teardown/unlock-cluster.ts';
import { openEstate } from '../../src/tools/aws/estate/estate.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { createHelm } from '../../src/tools/helm.ts';
import type { KubernetesObject, LedgerEntry } from '../../src/tools/ports.ts';
import { objectsOf, placeholdersOf, render, templatesIn } from '../../src/tools/templates.ts';
import { exampleConfig } from '../helpers/configuration.ts';
import { plainFiles } from '../helpers/control-plane.ts';
import { clusterId, makeControllersWorld, missing, nodeNames, region } from '../helpers/controllers-world.ts';
import type { ControllersWorld } from '../helpers/controllers-world.ts';
import { specOf } from '../helpers/fake-world.ts';
import { plainProcesses } from '../helpers/plain-processes.ts';
import { realFiles } from '../helpers/real-files.ts';
import { sampleOf, sampleValues, templateText } from '../helpers/template-files.ts';
import { helmProgram } from '../helpers/tool-caches.ts';
import { until } from '../helpers/until.ts';

const choices: TeardownChoices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none',
  rebuild: false,
};
const scheme = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
const attributes = 'service.beta.kubernetes.io/aws-load-balancer-attributes';

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

const rabbitmqOperator = (): readonly KubernetesObject[] =>
  filesBelow('sandbox/manifests/raw.githubusercontent.com/rabbitmq')
    .toSorted((a, b) => Number(/namespace|crd/.test(b)) - Number(/namespace|crd/.test(a)))
    .flatMap((path) => parseAllDocuments(readFileSync(path, 'utf8')).map((one) => one.toJS() as KubernetesObject));

const object = (
  apiVersion: string,
  kind: string,
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; finalizers?: string[] },
  parts: object = {},
): KubernetesObject => ({ apiVersion, kind, metadata, ...parts });

const claim = (name: string, namespace: string, storageClassName: string): KubernetesObject =>
  object(
    'v1',
    'PersistentVolumeClaim',
    { name, namespace },
    { spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  );

const balanced = (name: string, annotations: Record<string, string> = {}): KubernetesObject =>
  object(
    'v1',
    'Service',
    { name, namespace: 'shop', annotations: { [scheme]: 'internet-facing', ...annotations } },
    {
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'service.k8s.aws/nlb',
        selector: { app: 'x' },
        ports: [{ name: 'tcp', port: 5671, protocol: 'TCP' }],
      },
    },
  );

const pod = (name: string, namespace: string, claims: readonly string[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name } },
  spec: {
    containers: [{ name: 'x', image: 'registry.k8s.io/pause:3.10' }],
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  },
});

const deployment = (name: string, namespace: string, claims: readonly string[] = []): KubernetesObject => {
  const { spec, metadata } = pod(name, namespace, claims);
  const template = { metadata: { labels: metadata.labels }, spec };
  return object(
    'apps/v1',
    'Deployment',
    { name, namespace },
    { spec: { selector: { matchLabels: metadata.labels }, template } },
  );
};

describe.skipIf(missing !== '')(`drain ${missing === '' ? '' : `skipped: ${missing}; npm run setup`}`, () => {
  let world: ControllersWorld;
  let context: StepContext;
  const audits: Audit[] = [];
  const notes: string[] = [];
  const inventory = () => ({
    clusterId,
    account: '123456789012',
    bucket: null,
    vpcs: [world.vpc],
    kubernetes: 'answers',
    because: '',
    counts: {},
  });
  const up = () => ({ inventory: inventory() });
  const withChoices = (more: Partial<TeardownChoices>): StepContext => ({
    ...context,
    config: { ...context.config, teardown: { ...choices, ...more } },
  });
  const check = (step: Step<unknown>, ctx = context) => specOf(step).check(ctx, up());
  const apply = (step: Step<unknown>, ctx = context): Promise<unknown> => specOf(step).apply(ctx, up());
  const balancers = async (): Promise<readonly string[]> => {
    const scope = { cluster: clusterId, vpcs: [world.vpc], recorded: {} };
    return (await context.estate.list('load-balancer', scope)).map(({ name }) => name);
  };
  const volumes = async (): Promise<readonly unknown[]> => {
    const Filter = [{ Name: 'tag-key', Value: ['CSIVolumeName'] }];
    return listOf(await world.wire.ec2('DescribeVolumes', { Filter }), 'volumeSet');
  };
  const put = async (one: KubernetesObject): Promise<void> => {
    let last: unknown;
    await until(`${one.kind} ${one.metadata.name} is accepted`, () =>
      world.cluster.apply(one).catch((error: unknown) => {
        last = error;
        return false as const;
      }),
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${String(last)}`);
    });
  };
  const putTemplate = async (file: string): Promise<void> => {
    for (const one of objectsOf(sampleOf(file), file)) await put(one);
  };
  const install = (id: string, release: string, namespace: string, chart: string): Promise<void> => {
    const file = `${id}/values.yaml`;
    const given = { ...sampleValues, vpc_id: world.vpc };
    const names = placeholdersOf(templateText(file), file);
    const values = Object.fromEntries(names.map((name) => [name, given[name as keyof typeof given] ?? '']));
    const text = render(templateText(file), values, file);
    const words = ['--namespace', namespace, '--create-namespace', '-f', world.valuesFile(id, text)];
    return world.helm('upgrade', '--install', release, `sandbox/charts/${chart}`, ...words);
  };
  const ready = async (
    ...probes: readonly { name: string; test(ctx: StepContext, out: undefined): Promise<{ is: string }> }[]
  ) => {
    for (const probe of probes)
      await until(probe.name, async () => (await probe.test(context, undefined)).is === 'ready', 60_000).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}\n${world.log()}`);
        },
      );
  };
  const application = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', namespace: 'argocd', name: 'shop' };
  const applicationSpec = async (): Promise<unknown> => (await world.cluster.get(application))?.['spec'];

  beforeAll(async () => {
    world = await makeControllersWorld();
    const identity = await world.cluster.identity();
    const records: readonly LedgerEntry[] = [
      { kind: 'kubernetes', id: identity.uid, unique: { authority: identity.authority }, step: 'control-plane' },
      ...world.instances.map((id) => ({ kind: 'instance', id, unique: {}, step: 'infrastructure' })),
    ];
    context = {
      config: { ...exampleConfig({ addons: ['argocd'] }), teardown: choices },
      clock: systemClock,
      run: 'run',
      step: 'step',
      key: '',
      attempt: 1,
      signal: new AbortController().signal,
      note: (text: string) => void notes.push(text),
      audit: async (entry: Audit) => void audits.push(entry),
      cluster: async () => world.cluster,
      aws: world.aws,
      estate: openEstate({ region, endpoint: world.endpoint }),
      helm: createHelm({
        processes: plainProcesses,
        read: plainProcesses,
        files: realFiles,
        program: helmProgram ?? '',
        folder: world.folder,
        kubeconfig: world.kubeconfig,
        cluster: async () => world.cluster,
        environment: { PATH: '/usr/bin:/bin', HOME: world.folder },
      }),
      templates: templatesIn('templates', plainFiles),
      ledger: { entries: async () => records },
    } as unknown as StepContext;
    for (const name of nodeNames)
      await world.cluster.merge(
        { apiVersion: 'v1', kind: 'Node', name },
        { metadata: { annotations: { 'sandbox.platform/network': null } } },
      );
    await Promise.all([
      install('ebs-csi', 'aws-ebs-csi-driver', 'kube-system', 'aws-ebs-csi-driver'),
      install('alb-controller', 'aws-load-balancer-controller', 'kube-system', 'aws-load-balancer-controller'),
      install('argocd', 'argocd', 'argocd', 'argo-cd'),
      (async () => {
        for (const one of rabbitmqOperator()) await put(one);
        await putTemplate('rabbitmq-operator/operator.yaml');
      })(),
    ]);
    await ready(driverOnEveryNode('ebs.csi.aws.com'));
    await putTemplate('storage-class/gp3.yaml');
    for (const one of [
      object('v1', 'Namespace', { name: 'shop' }),
      object(
        'storage.k8s.io/v1',
        'StorageClass',
        { name: 'keep' },
        {
          provisioner: 'ebs.csi.aws.com',
          reclaimPolicy: 'Retain',
          volumeBindingMode: 'WaitForFirstConsumer',
        },
      ),
      claim('books', 'shop', 'keep'),
      deployment('archive', 'shop', ['books']),
      balanced('edge'),
      balanced('guarded', { [attributes]: 'deletion_protection.enabled=true' }),
      object(
        application.apiVersion,
        application.kind,
        {
          name: 'shop',
          namespace: 'argocd',
          annotations: {
            'sandbox.platform/manifests': [claim('orders', 'shop', 'gp3'), deployment('web', 'shop', ['orders'])]
              .map((one) => JSON.stringify(one))
              .join('\n---\n'),
          },
        },
        {
          spec: {
            project: 'default',
            destination: { namespace: 'shop' },
            syncPolicy: { automated: { selfHeal: true } },
          },
        },
      ),
    ])
      await put(one);
    for (const file of [
      'rabbitmq/cluster-on-storage.yaml',
      'redis/redis-on-storage.yaml',
      'ingress/ingress-class.yaml',
      'ingress/argocd.yaml',
    ])
      await putTemplate(file);
    await ready(
      rabbitmqReady,
      rolledOut({ kind: 'StatefulSet', namespace: 'data', name: 'redis' }),
      rolledOut({ kind: 'Deployment', namespace: 'shop', name: 'web' }),
      rolledOut({ kind: 'Deployment', namespace: 'shop', name: 'archive' }),
      hostnameGiven,
    );
    await until(
      'three load balancers and four volumes stand in AWS',
      async () => (await balancers()).length === 3 && (await volumes()).length === 4,
    ).catch(async (error: unknown) => {
      throw new Error(
        `${String(error)}: ${JSON.stringify([await balancers(), (await volumes()).length])}\n${world.log()}`,
      );
    });
  }, 120_000);
  afterAll(async () => {
    if (process.env['PLATFORM_TEST_SHOW'] !== undefined)
      process.stderr.write(`${notes.join('\n')}\n${JSON.stringify(audits, undefined, 1)}\n`);
    await world?.close();
  });

  const denied = (one: KubernetesObject): Promise<string> =>
    world.cluster.dryRunCreate(one).then(
      () => 'accepted',
      (error: unknown) => (String(error).includes('settle --abandon destroy') ? 'denied' : String(error)),
    );
  const ingress = (): KubernetesObject => {
    const [one] = objectsOf(sampleOf('ingress/argocd.yaml'), 'x');
    return { ...one, metadata: { ...one?.metadata, name: 'late' } } as KubernetesObject;
  };

  test('what heals is suspended, what is new is denied, and what controllers need is not', async () => {
    expect(await check(destroySuspend)).toMatchObject({
      state: 'needed',
      preview: ['suspend Application argocd/shop'],
    });
    await apply(destroySuspend);
    expect(await check(destroySuspend)).toMatchObject({ state: 'satisfied' });
    expect(audits).toEqual([
      { action: 'suspend', target: 'Application argocd/shop', because: expect.stringContaining('make again') },
    ]);
    for (const one of [
      claim('late', 'shop', 'gp3'),
      balanced('late'),
      ingress(),
      deployment('late', 'shop'),
      pod('late', 'shop'),
    ])
      expect([one.kind, await denied(one)]).toEqual([one.kind, 'denied']);
    for (const one of [
      pod('late', 'kube-system'),
      deployment('late', 'rabbitmq-system'),
      object('v1', 'ConfigMap', { name: 'late', namespace: 'shop' }),
      object('v1', 'Service', { name: 'late', namespace: 'shop' }, { spec: { ports: [{ port: 80 }] } }),
    ])
      expect([one.kind, await denied(one)]).toEqual([one.kind, 'accepted']);
  });

  test('a teardown that is given up leaves the cluster as it was', async () => {
    const identity = { ...context.config.state, kind: 'local' as const };
    const files = { read: async () => JSON.stringify({ clusterId }) };
    const ctx = { ...context, config: { ...context.config, state: identity }, files } as unknown as StepContext;
    expect(await unlockCluster(ctx)).toEqual([
      'removed ValidatingAdmissionPolicyBinding platform-teardown',
      'removed ValidatingAdmissionPolicy platform-teardown',
      'restored Application argocd/shop',
    ]);
    expect(await applicationSpec()).toMatchObject({ syncPolicy: { automated: { selfHeal: true } } });
    expect((await world.cluster.get(application))?.metadata.annotations).not.toHaveProperty('platform/suspended');
    await until('new claims are accepted', async () => (await denied(claim('late', 'shop', 'gp3'))) === 'accepted');
    expect(await unlockCluster(ctx)).toEqual([]);
    // And begun once more.
    await apply(destroySuspend);
    expect(await applicationSpec()).not.toHaveProperty('syncPolicy.automated');
  });

  test('RabbitMQ goes through its operator', async () => {
    expect(await check(destroyOperators)).toMatchObject({ preview: ['delete RabbitmqCluster messaging/rabbitmq'] });
    await apply(destroyOperators);
    expect(await check(destroyOperators)).toMatchObject({ state: 'satisfied' });
  });

  test('a finalizer whose controller is gone is named, and taken off only when that is asked for', async () => {
    const operator = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'rabbitmq-system',
      name: 'rabbitmq-cluster-operator',
    };
    await world.cluster.remove(operator);
    await until('the operator is gone', async () => (await world.cluster.get(operator)) === undefined);
    const finalizer = 'deletion.finalizers.rabbitmqclusters.rabbitmq.com';
    await put(
      object('rabbitmq.com/v1beta1', 'RabbitmqCluster', {
        name: 'hung',
        namespace: 'messaging',
        finalizers: [finalizer],
      }),
    );
    const said = `RabbitmqCluster messaging/hung waits for finalizer ${finalizer}, whose controller rabbitmq-cluster-operator is not installed`;
    await expect(apply(destroyOperators)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringContaining(said),
      next: expect.arrayContaining([expect.stringContaining('--force-finalizers')]),
    });
    expect(audits.filter(({ action }) => action === 'release-finalizers')).toEqual([]);
    await apply(destroyOperators, withChoices({ forceFinalizers: true }));
    expect(audits.filter(({ action }) => action === 'release-finalizers')).toEqual([
      {
        action: 'release-finalizers',
        target: 'RabbitmqCluster messaging/hung',
        because: expect.stringContaining('--force-finalizers: it waits for finalizer'),
      },
    ]);
  });

  test('entrances and volumes go from the cluster and from AWS; what is protected, and what is data, is named', async () => {
    expect(await check(destroyWorkloads)).toMatchObject({ state: 'needed' });
    const [entrances, workloads] = await Promise.all([apply(destroyEntrances), apply(destroyWorkloads)]);
    expect(entrances).toEqual({
      leftToSweep: [expect.stringMatching(/^Service shop\/guarded .*under deletion protection/)],
    });
    expect(workloads).toEqual({ kept: [expect.stringMatching(/^PersistentVolume pvc-.* \(vol-/)], leftToSweep: [] });
    expect(await balancers()).toEqual([expect.stringContaining('shop-guarded')]);
    expect(await volumes()).toHaveLength(1);
    expect(await world.cluster.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' })).toEqual([]);
    expect(await check(destroyEntrances)).toMatchObject({
      state: 'satisfied',
      because: expect.stringContaining('left to the sweep: Service shop/guarded'),
    });
    expect(await check(destroyWorkloads)).toMatchObject({
      state: 'satisfied',
      because: expect.stringContaining('kept, because they are data: PersistentVolume'),
    });
  });

  test('data goes when that is asked for', async () => {
    const ctx = withChoices({ deleteData: true });
    expect(await check(destroyWorkloads, ctx)).toMatchObject({ state: 'needed' });
    expect(await apply(destroyWorkloads, ctx)).toEqual({ kept: [], leftToSweep: [] });
    expect(await volumes()).toEqual([]);
  });

  test('what stood under self-heal was not made again, though its Argo CD ran all the time', async () => {
    expect(await world.cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop' })).toEqual([]);
    expect(textOf(await world.cluster.get(application), 'status', 'sync', 'status')).toBe('OutOfSync');
  });

  test('releases go in the reverse order, the driver of volumes last', async () => {
    await apply(destroyReleases);
    expect(await check(destroyReleases)).toMatchObject({ state: 'satisfied' });
    expect(audits.filter(({ action }) => action === 'uninstall').map(({ target }) => target)).toEqual([
      'release argocd/argocd',
      'release kube-system/aws-load-balancer-controller',
      'release kube-system/aws-ebs-csi-driver',
    ]);
  });
});
