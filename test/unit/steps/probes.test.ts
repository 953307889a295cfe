import { describe, expect, it } from 'vitest';
import { calicoAvailable } from '../../../src/steps/probes/calico.ts';
import { nodesProblem } from '../../../src/steps/probes/nodes.ts';
import { rabbitmqReady } from '../../../src/steps/probes/rabbitmq.ts';
import { rolloutOf } from '../../../src/steps/probes/workloads.ts';
import { certManagerAnswers } from '../../../src/steps/probes/extensions.ts';
import { cloudInitDone, packagesFree } from '../../../src/steps/probes/machine.ts';
import { PlatformError } from '../../../src/errors.ts';
import type { ClusterReader, Exit, KubernetesObject } from '../../../src/tools/ports.ts';
import { exampleConfig } from '../../helpers/configuration.ts';
import { clusterWith, fakeWorld, object } from '../../helpers/fake-world.ts';

const condition = (type: string, status: string, more: object = {}) => ({ type, status, ...more });
const reader = (...objects: KubernetesObject[]) => clusterWith(objects) as ClusterReader;

describe('workloads (catalogue D7: what does not exist yet is awaited, not an error)', () => {
  const deployment = (status: object, spec: object = { replicas: 2 }, generation = 2) =>
    object('Deployment', 'web', { spec, status }, { namespace: 'shop', generation });
  const good = {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    conditions: [condition('Available', 'True')],
  };
  it.each([
    ['missing', undefined, 'waiting', 'does not exist yet'],
    ['rolled out', deployment(good), 'ready', '2/2 pods ready'],
    [
      'stale: the controller has not seen this generation',
      deployment({ ...good, observedGeneration: 1 }),
      'waiting',
      'has not seen the new version',
    ],
    ['no status at all', deployment({}), 'waiting', 'has not seen the new version'],
    ['old pods still there', deployment({ ...good, replicas: 3 }), 'waiting', '2/2 pods updated'],
    ['one not ready', deployment({ ...good, readyReplicas: 1, availableReplicas: 1 }), 'waiting', '1/2 pods ready'],
    ['not available', deployment({ ...good, conditions: [] }), 'waiting', 'not Available yet'],
    [
      'deadline passed',
      deployment({
        ...good,
        conditions: [condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'too slow' })],
      }),
      'failed',
      'too slow',
    ],
    [
      'wrong types in status',
      deployment({ ...good, readyReplicas: 'two', availableReplicas: null }),
      'waiting',
      '0/2 pods ready',
    ],
  ] as const)('Deployment %s', async (_name, found, is, because) => {
    const result = await rolloutOf(reader(...(found === undefined ? [] : [found])), {
      kind: 'Deployment',
      namespace: 'shop',
      name: 'web',
    });
    expect(result.is).toBe(is);
    expect(result.because).toContain(because);
  });

  it('a DaemonSet that matches no node is not ready, though kstatus says so', async () => {
    const found = object(
      'DaemonSet',
      'agent',
      { status: { observedGeneration: 1, desiredNumberScheduled: 0 } },
      { namespace: 'x' },
    );
    expect(await rolloutOf(reader(found), { kind: 'DaemonSet', namespace: 'x', name: 'agent' })).toMatchObject({
      is: 'waiting',
      because: 'no node matches it yet',
    });
  });

  it('a StatefulSet with pods of the old revision is not ready', async () => {
    const found = object(
      'StatefulSet',
      'db',
      {
        spec: { replicas: 1 },
        status: { observedGeneration: 1, replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
      },
      { namespace: 'x' },
    );
    expect((await rolloutOf(reader(found), { kind: 'StatefulSet', namespace: 'x', name: 'db' })).because).toContain(
      'old revision',
    );
  });

  it('catalogue D16-D19: a pod that cannot be scheduled is named in its own words', async () => {
    const set = object(
      'StatefulSet',
      'db',
      { spec: { replicas: 1, selector: { matchLabels: { app: 'db' } } }, status: { observedGeneration: 1 } },
      { namespace: 'x' },
    );
    const pod = object(
      'Pod',
      'db-0',
      {
        status: {
          conditions: [condition('PodScheduled', 'False', { message: '0/4 nodes are available: 4 Insufficient cpu.' })],
        },
      },
      { namespace: 'x' },
    );
    expect((await rolloutOf(reader(set, pod), { kind: 'StatefulSet', namespace: 'x', name: 'db' })).because).toBe(
      '0/1 pods ready; db-0: 0/4 nodes are available: 4 Insufficient cpu.',
    );
  });

  it('catalogue D11: an image that cannot be pulled is named', async () => {
    const set = object(
      'Deployment',
      'web',
      { spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } }, status: { observedGeneration: 1 } },
      { namespace: 'x' },
    );
    const pod = object(
      'Pod',
      'web-1',
      { status: { containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } }] } },
      { namespace: 'x' },
    );
    expect((await rolloutOf(reader(set, pod), { kind: 'Deployment', namespace: 'x', name: 'web' })).because).toContain(
      'web-1: ImagePullBackOff: not found',
    );
  });
});

describe('RabbitmqCluster', () => {
  const set = object(
    'StatefulSet',
    'rabbitmq-server',
    {
      spec: { replicas: 1 },
      status: { observedGeneration: 1, replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'a' },
    },
    { namespace: 'messaging' },
  );
  const all = [
    condition('AllReplicasReady', 'True'),
    condition('ClusterAvailable', 'True'),
    condition('ReconcileSuccess', 'True'),
  ];
  const rabbit = (status: object, metadata: object = {}) =>
    object('RabbitmqCluster', 'rabbitmq', { status }, { namespace: 'messaging', ...metadata });
  const ask = (...objects: KubernetesObject[]) =>
    rabbitmqReady.test(fakeWorld({ cluster: clusterWith(objects) }).context, undefined);

  it.each([
    ['no status yet: kstatus would say Current', [rabbit({}), set], 'waiting', 'AllReplicasReady is not set'],
    ['all true', [rabbit({ conditions: all, observedGeneration: 1 }), set], 'ready', '1/1 pods ready'],
    [
      'stale conditions in a rolling update',
      [
        rabbit({ conditions: all, observedGeneration: 1 }),
        {
          ...set,
          status: { observedGeneration: 1, replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
        },
      ],
      'waiting',
      'old revision',
    ],
    [
      'observedGeneration is only written on success',
      [rabbit({ conditions: all }), set],
      'waiting',
      'has seen generation none of 1',
    ],
    [
      'invalid configuration is terminal',
      [
        rabbit({
          conditions: [condition('ReconcileSuccess', 'False', { reason: 'InvalidConfiguration', message: 'bad' })],
        }),
        set,
      ],
      'failed',
      'bad',
    ],
    [
      'other reconcile errors are retried by the operator',
      [rabbit({ conditions: [condition('ReconcileSuccess', 'False', { reason: 'Error', message: 'later' })] }), set],
      'waiting',
      'later',
    ],
    [
      'paused',
      [rabbit({ conditions: all }, { labels: { 'rabbitmq.com/pauseReconciliation': 'true' } }), set],
      'failed',
      'paused',
    ],
    [
      'a warning does not block',
      [
        rabbit({
          conditions: [...all, condition('NoWarnings', 'False', { message: 'memory' })],
          observedGeneration: 1,
        }),
        set,
      ],
      'ready',
      'with a warning: memory',
    ],
    ['conditions of a wrong type', [rabbit({ conditions: 'none' }), set], 'waiting', 'AllReplicasReady'],
  ] as const)('%s', async (_name, objects, is, because) => {
    const result = await ask(...(objects as readonly KubernetesObject[]));
    expect(result).toMatchObject({ is, because: expect.stringContaining(because) });
  });
});

describe('Calico', () => {
  const installation = object('Installation', 'default', {}, { generation: 3 });
  const status = (conditions: object[]) => object('TigeraStatus', 'calico', { status: { conditions } });
  const ask = (...objects: KubernetesObject[]) =>
    calicoAvailable.test(fakeWorld({ cluster: clusterWith(objects) }).context, undefined);
  it.each([
    ['no conditions before the first sync', [installation, status([])], 'waiting', 'not available yet'],
    [
      'available at this generation',
      [installation, status([condition('Available', 'True', { observedGeneration: 3 })])],
      'ready',
      '1 TigeraStatus',
    ],
    [
      'available at an older generation',
      [installation, status([condition('Available', 'True', { observedGeneration: 2 })])],
      'waiting',
      'latest Installation',
    ],
    [
      'degraded',
      [installation, status([condition('Degraded', 'True', { message: 'no IP pool' })])],
      'waiting',
      'no IP pool',
    ],
    ['no operator yet', [installation], 'waiting', 'no status yet'],
  ] as const)('%s', async (_name, objects, is, because) => {
    expect(await ask(...(objects as readonly KubernetesObject[]))).toMatchObject({
      is,
      because: expect.stringContaining(because),
    });
  });
});

describe('nodes (catalogue C9, C20, C25, A22, A23: the right set, not a count)', () => {
  const config = exampleConfig();
  const expected = Object.keys(config.nodes).map((name) => ({ name, providerId: `aws:///az/${name}` }));
  const node = (name: string, changes: object = {}) =>
    object(
      'Node',
      name,
      {
        spec: { providerID: `aws:///az/${name}` },
        status: {
          nodeInfo: { kubeletVersion: `v${config.versions.kubernetes}` },
          conditions: [condition('Ready', 'True')],
        },
        ...changes,
      },
      { labels: { ...config.nodes[name]?.labels } },
    );
  const good = () => expected.map(({ name }) => node(name));
  it.each([
    ['equal', good(), undefined],
    ['one missing', good().slice(1), 'k8s-master has not joined'],
    ['one too many', [...good(), node('k8s-old')], 'k8s-old is in the cluster but not in the topology'],
    ['without providerID (C20)', [node('k8s-master', { spec: {} }), ...good().slice(1)], 'providerID unset'],
    [
      'of an earlier life',
      [node('k8s-master', { spec: { providerID: 'aws:///az/i-old' } }), ...good().slice(1)],
      'not aws:///az/k8s-master',
    ],
    [
      'uninitialized taint',
      [
        node('k8s-master', {
          spec: {
            providerID: 'aws:///az/k8s-master',
            taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized' }],
          },
        }),
        ...good().slice(1),
      ],
      'tainted',
    ],
  ] as const)('%s', async (_name, nodes, problem) => {
    const found = await nodesProblem(config, expected, reader(...nodes));
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });
});

describe('cert-manager (catalogue D2: a ready pod is not a serving webhook)', () => {
  const ask = (answers: { accepted: Error | undefined; denied: Error | undefined }) =>
    certManagerAnswers.test(
      fakeWorld({
        templates: {
          objects: async (file) => [object('Certificate', file.includes('denied') ? 'denied' : 'accepted')],
        },
        cluster: {
          dryRunCreate: async (one) => {
            const error = answers[one.metadata.name as 'accepted' | 'denied'];
            if (error !== undefined) throw error;
            return one;
          },
        },
      }).context,
      undefined,
    );
  const refused = (message: string) => new PlatformError('KUBERNETES', { message });
  const denial = refused(
    'admission webhook "webhook.cert-manager.io" denied the request: spec.secretName: Required value',
  );
  it.each([
    ['serving', { accepted: undefined, denied: denial }, 'ready', 'denies what is not'],
    ['not asked at all', { accepted: undefined, denied: undefined }, 'waiting', 'not asked yet'],
    [
      'no CRDs',
      { accepted: refused('the server could not find the requested resource'), denied: denial },
      'waiting',
      'CRDs',
    ],
    [
      'no service',
      { accepted: refused('service "cert-manager-webhook" not found'), denied: denial },
      'waiting',
      'Service does not exist',
    ],
    [
      'refused',
      { accepted: refused('dial tcp 10.0.0.1:443: connect: connection refused'), denied: denial },
      'waiting',
      'nothing answers',
    ],
    [
      'CA not injected',
      { accepted: refused('x509: certificate signed by unknown authority'), denied: denial },
      'waiting',
      'not injected',
    ],
  ] as const)('%s', async (_name, answers, is, because) => {
    expect(await ask(answers)).toMatchObject({ is, because: expect.stringContaining(because) });
  });
});

describe('machines', () => {
  const machine = { name: 'k8s-master', address: '203.0.113.9' };
  const exit = (code: number, stdout = '', tail: readonly string[] = []): Exit => ({
    code,
    signal: null,
    stdout,
    tail,
    log: '',
  });
  const ask = (probe: typeof cloudInitDone, answer: Exit) =>
    probe.test(fakeWorld({ ssh: { run: async () => answer } }).context, machine);
  it.each([
    ['done', exit(0, '{"status": "done"}'), 'ready', 'done'],
    ['done with recoverable errors is exit 2', exit(2, '{"status": "done"}'), 'ready', 'recoverable'],
    ['running', exit(0, '{"status": "running"}'), 'waiting', 'running'],
    ['error', exit(1, '{"status": "error"}'), 'failed', 'error'],
    ['disabled', exit(0, '{"status": "disabled"}'), 'failed', 'disabled'],
    ['nonsense', exit(0, 'hello', ['hello']), 'waiting', 'hello'],
  ] as const)('cloud-init %s', async (_name, answer, is, because) => {
    expect(await ask(cloudInitDone, answer)).toMatchObject({ is, because: expect.stringContaining(because) });
  });
  it.each([
    ['free', exit(1), 'ready'],
    ['held', exit(0, ' 812'), 'waiting'],
    ['no answer', exit(127, '', ['fuser: command not found']), 'waiting'],
  ] as const)('dpkg lock %s', async (_name, answer, is) => {
    expect((await ask(packagesFree, answer)).is).toBe(is);
  });
});
