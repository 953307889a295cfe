import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { capacity, capacityFindings, reserved } from '../../../src/checks/capacity.ts';
import { quantity } from '../../../src/checks/quantity.ts';
import { type Workload, workloadsOf } from '../../../src/checks/workload.ts';
import type { NodeConfig } from '../../../src/config/config.ts';
import { PlatformError } from '../../../src/errors.ts';
import type { KubernetesObject, Release } from '../../../src/tools/ports.ts';
import { objectsOf } from '../../../src/tools/templates.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const [mebibyte, gibibyte] = [1024 ** 2, 1024 ** 3];
const sizes = {
  't3.micro': { vcpus: 2, memory: gibibyte },
  't3.small': { vcpus: 2, memory: 2 * gibibyte },
  't3.medium': { vcpus: 2, memory: 4 * gibibyte },
  't3.large': { vcpus: 2, memory: 8 * gibibyte },
  't3.xlarge': { vcpus: 4, memory: 16 * gibibyte },
};

const node = (type: keyof typeof sizes, more: Partial<NodeConfig> = {}): NodeConfig => ({
  role: 'worker',
  type,
  disk: 40,
  eip: false,
  labels: {},
  taints: [],
  ...more,
});
const master = node('t3.large', { role: 'control-plane' });
const storage = { labels: { workload: 'storage' } };
const full = { key: 'kept', value: 'storage', effect: 'NoSchedule' } as const;

const pods = (name: string, cpu: number, memory: number, more: Partial<Workload> = {}): Workload => ({
  name,
  copies: 1,
  demand: { cpu, memory: memory * mebibyte },
  selector: {},
  terms: [],
  tolerations: [],
  ...more,
});
const onStorage = { terms: [[{ key: 'workload', operator: 'In', values: ['storage'] }]] };

const { ansible } = awsConfig();
const judge = (nodes: Readonly<Record<string, NodeConfig>>, ...workloads: readonly Workload[]) =>
  capacityFindings({ ansible, nodes }, sizes, workloads).map(({ level, message }) => `${level}: ${message}`);

describe('where pods find room', () => {
  test.each<readonly [string, Readonly<Record<string, NodeConfig>>, readonly Workload[], readonly string[]]>([
    ['all fit', { master, one: node('t3.medium') }, [pods('a', 1, 1024), pods('b', 0.5, 1024)], []],
    [
      'a pod that is larger than what any node has: 1 of 2 vCPUs was asked for, 870m were left (catalogue D18)',
      { master, one: node('t3.medium'), two: node('t3.medium') },
      [pods('daemons', 0.93, 0, { copies: 'every-node' }), pods('prometheus', 1, 1024)],
      ['error: prometheus asks for 1000m CPU; the most that one, two have is 870m CPU'],
    ],
    [
      'too little memory on every node that may run it (catalogue D19)',
      { master, one: node('t3.small'), two: node('t3.large', { taints: [full] }) },
      [pods('prometheus', 0.2, 2048)],
      ['error: prometheus asks for 2048 MiB; the most that one has is 1487 MiB'],
    ],
    [
      'a label that no node has (catalogue D16)',
      { master, one: node('t3.medium') },
      [pods('redis', 0.1, 64, onStorage)],
      ['error: no node may run redis: master is not workload=storage; one is not workload=storage'],
    ],
    [
      'a taint that is not tolerated (catalogue D20)',
      { master, one: node('t3.large', { ...storage, taints: [full] }) },
      [pods('redis', 0.1, 64, onStorage)],
      ['error: no node may run redis: master is not workload=storage; one has the taint kept, which is not tolerated'],
    ],
    [
      'the same with a toleration',
      { master, one: node('t3.large', { ...storage, taints: [full] }) },
      [pods('redis', 0.1, 64, { ...onStorage, tolerations: [{ key: 'kept', value: 'storage' }] })],
      [],
    ],
    [
      'a group of nodes that is too small together (catalogue D17)',
      { master, one: node('t3.medium', storage), two: node('t3.xlarge') },
      [pods('rabbitmq', 1, 512, onStorage), pods('redis', 0.9, 512, onStorage)],
      [
        'error: what must run on one asks for 1900m CPU, and 1800m CPU are left beside the DaemonSets (most for rabbitmq: 1000m CPU, redis: 900m CPU)',
      ],
    ],
    [
      'not enough in all, though each fits alone',
      { master, one: node('t3.medium'), two: node('t3.medium') },
      [pods('a', 1.25, 64, { copies: 3 })],
      ['error: what must run on one, two asks for 3750m CPU'],
    ],
    [
      'enough in all, but the pieces do not fit',
      { master, one: node('t3.medium'), two: node('t3.medium') },
      [pods('a', 1, 64, { copies: 3 })],
      [
        'warning: a (1000m CPU and 64 MiB) may find no node with room: the sums suffice, but no single node has that much left',
      ],
    ],
    [
      'a DaemonSet that does not fit on one of its nodes',
      { master, one: node('t3.small'), two: node('t3.large') },
      [pods('agent', 0.1, 1600, { copies: 'every-node' })],
      ['error: agent asks for 100m CPU and 1600 MiB, which one does not have left'],
    ],
    [
      'everything tolerated: the control plane itself is too small (catalogue F21)',
      { master },
      [pods('operators', 1.5, 64, { tolerations: [{ operator: 'Exists' }] })],
      ['error: operators asks for 1500m CPU; the most that master has is 1150m CPU'],
    ],
    [
      'more pods than kubelet takes',
      { master, one: node('t3.xlarge') },
      [pods('many', 0, 0, { copies: 110 })],
      ['error: what must run on one asks for 110 pods, and 109 pods are left beside the DaemonSets'],
    ],
    [
      'a control plane that kubeadm refuses',
      { master: node('t3.micro', { role: 'control-plane' }), one: node('t3.medium') },
      [],
      ['error: master is a t3.micro: kubeadm refuses a control plane with less than 2 vCPUs and 1700 MB'],
    ],
    [
      'CoreDNS has the control plane, also when every worker is tainted (catalogue C23)',
      { master, one: node('t3.medium', { taints: [full] }) },
      [
        pods('coredns', 0.1, 70, {
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
        }),
      ],
      [],
    ],
  ])('%s', (_, nodes, workloads, expected) => {
    const found = judge(nodes, ...workloads);
    expect(found).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text);
  });

  test("roles of the user's own may reserve less: nothing is certain", () => {
    const config = { ansible: { ...ansible, dir: '/own' }, nodes: { master, one: node('t3.small') } };
    expect(capacityFindings(config, sizes, [pods('a', 1, 1600)])).toMatchObject([{ level: 'warning' }]);
  });

  test('a type that AWS does not know is told by the quotas, not here', () => {
    expect(judge({ master, one: node('t9.huge' as never) }, pods('a', 9, 9))).toEqual([]);
  });
});

describe('what objects ask for', () => {
  const template = { spec: { containers: [{ resources: { requests: { cpu: '250m', memory: '1Gi' } } }] } };
  const object = (kind: string, spec: object, name = 'one'): KubernetesObject => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'ns' },
    spec,
  });

  test.each<readonly [string, object, object]>([
    ['requests', { containers: [{ resources: { requests: { cpu: '1', memory: '1G' } } }] }, { cpu: 1, memory: 1e9 }],
    [
      'side by side, sidecars too',
      {
        containers: [{ resources: { requests: { cpu: '100m' } } }, { resources: { requests: { cpu: 0.2 } } }],
        initContainers: [{ restartPolicy: 'Always', resources: { requests: { cpu: '50m' } } }],
      },
      { cpu: 0.35, memory: 0 },
    ],
    [
      'the greatest of what runs before',
      {
        containers: [{ resources: { requests: { memory: '100Mi' } } }],
        initContainers: [{ resources: { requests: { memory: '300Mi' } } }, {}],
      },
      { cpu: 0, memory: 300 * mebibyte },
    ],
    ['limits without requests', { containers: [{ resources: { limits: { cpu: '2' } } }] }, { cpu: 2, memory: 0 }],
  ])('%s', (_, spec, demand) => {
    const [found] = workloadsOf([object('Deployment', { replicas: 2, template: { spec } })]);
    expect(found).toMatchObject({ name: 'Deployment ns/one', copies: 2 });
    expect(found?.demand.cpu).toBeCloseTo((demand as { cpu: number }).cpu, 9);
    expect(found?.demand.memory).toBe((demand as { memory: number }).memory);
  });

  test('of custom resources as of the StatefulSets that operators make of them, once', () => {
    const resources = { requests: { cpu: '200m', memory: '1Gi' } };
    const custom = object('Prometheus', { replicas: 2, resources, nodeSelector: { a: 'b' } });
    expect(workloadsOf([custom])).toMatchObject([
      { name: 'StatefulSet ns/prometheus-one', copies: 2, demand: { cpu: 0.2 }, selector: { a: 'b' } },
    ]);
    const made = object('StatefulSet', { replicas: 1, template }, 'prometheus-one');
    for (const both of [
      [custom, made],
      [made, custom],
    ])
      expect(workloadsOf(both)).toMatchObject([{ copies: 1, demand: { cpu: 0.25, memory: gibibyte } }]);
  });

  test('other kinds become no pods', () => {
    expect(workloadsOf([object('ConfigMap', {}), object('Job', { template })])).toEqual([]);
  });

  test.each([
    ['250m', 0.25],
    ['2', 2],
    [3, 3],
    ['1.5Gi', 1.5 * gibibyte],
    ['1e3', 1000],
    ['500M', 500e6],
    ['', 0],
    ['many', 0],
    [undefined, 0],
  ])('the quantity %s is %s', (text, value) => {
    expect(quantity(text)).toBeCloseTo(value, 9);
  });
});

test('what is reserved is what the playbooks tell kubelet, and its threshold of 100 MiB', () => {
  const file = new URL('../../../ansible/roles/control_plane/defaults/main.yml', import.meta.url);
  const { control_plane_kubelet_configuration: kubelet } = parse(readFileSync(file, 'utf8')) as {
    control_plane_kubelet_configuration: Record<'systemReserved' | 'kubeReserved', Record<string, string>>;
  };
  const sum = (resource: string): number =>
    quantity(kubelet.systemReserved[resource]) + quantity(kubelet.kubeReserved[resource]);
  expect(reserved).toEqual({ cpu: sum('cpu'), memory: sum('memory') + 100 * mebibyte });
});

describe('the check', () => {
  const deployment = (memory: string): string =>
    `---\nkind: ConfigMap\nnot: {an object}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: big, namespace: ns}\nspec: {template: {spec: {containers: [{name: a, resources: {requests: {memory: ${memory}}}}]}}}\n`;
  const world = (template: (release: Release) => Promise<string>) => ({
    aws: {
      caller: async () => ({ account: '111122223333', arn: 'arn' }),
      object: async () => undefined,
      instanceTypes: async (types: readonly string[]) =>
        Object.fromEntries(types.map((type) => [type, sizes[type as keyof typeof sizes]])),
    },
    helm: { template },
    downloads: { objects: async () => [] },
    templates: { text: async () => '', objects: async () => [], parse: objectsOf },
  });

  test('sums up what the charts become', async () => {
    const holds = await askCheck(
      capacity,
      world(async () => deployment('64Mi')),
    );
    expect([holds.state, said(holds)]).toEqual(['holds', []]);
    const result = await askCheck(
      capacity,
      world(async ({ name }) => (name === 'argocd' ? deployment('9Gi') : '')),
    );
    expect(said(result)).toEqual([
      'error: Deployment ns/big asks for 9216 MiB; the most that k8s-worker-1, k8s-worker-2, k8s-storage have is 7446 MiB',
    ]);
  });

  test('does not call it enough when a chart could not be rendered', async () => {
    const result = await askCheck(
      capacity,
      world(async ({ name }) => {
        if (name === 'argocd') throw new PlatformError('UNREACHABLE', { message: 'no network' });
        return '';
      }),
    );
    expect(result).toMatchObject({ state: 'skipped', because: 'without the chart argo-cd the sum would be too small' });
  });
});
