import type { PlatformConfig } from '../config/config.ts';
import type { ClusterReader, ReadWorld } from '../tools/ports.ts';
import { publicHosts } from './names.ts';
import { nodeProblem, readinessProblem } from './probes/nodes.ts';
import { ingresses, sharedHostname } from './probes/load-balancer.ts';
import { rolloutOf, type Workload } from './probes/workloads.ts';

/** One thing of the platform as it is now. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'problem' | 'unknown';
  readonly detail: string;
}

/** The platform as it is: looked at now, nothing remembered but which cluster it is. */
export interface PlatformStatus {
  readonly machines: readonly Finding[];
  readonly nodes: readonly Finding[];
  readonly addons: readonly Finding[];
  readonly endpoints: readonly Finding[];
}

type Looking = Pick<ReadWorld, 'aws' | 'cluster' | 'network'>;

const workloads: Readonly<Record<string, readonly Workload[]>> = {
  'ebs-csi': [
    { kind: 'Deployment', namespace: 'kube-system', name: 'ebs-csi-controller' },
    { kind: 'DaemonSet', namespace: 'kube-system', name: 'ebs-csi-node' },
  ],
  'cert-manager': ['cert-manager', 'cert-manager-webhook', 'cert-manager-cainjector'].map((name) => ({
    kind: 'Deployment',
    namespace: 'cert-manager',
    name,
  })),
  'alb-controller': [{ kind: 'Deployment', namespace: 'kube-system', name: 'aws-load-balancer-controller' }],
  'metrics-server': [{ kind: 'Deployment', namespace: 'kube-system', name: 'metrics-server' }],
  argocd: [
    { kind: 'Deployment', namespace: 'argocd', name: 'argocd-server' },
    { kind: 'StatefulSet', namespace: 'argocd', name: 'argocd-application-controller' },
  ],
  monitoring: [
    { kind: 'Deployment', namespace: 'monitoring', name: 'prometheus-kube-prometheus-operator' },
    { kind: 'StatefulSet', namespace: 'monitoring', name: 'prometheus-prometheus-kube-prometheus-prometheus' },
  ],
  rabbitmq: [
    { kind: 'Deployment', namespace: 'rabbitmq-system', name: 'rabbitmq-cluster-operator' },
    { kind: 'StatefulSet', namespace: 'messaging', name: 'rabbitmq-server' },
  ],
  redis: [{ kind: 'StatefulSet', namespace: 'data', name: 'redis' }],
};

/** What the far side says about every part of the platform. A part that cannot be asked is `unknown`, with the reason. */
export async function inspectPlatform(
  config: PlatformConfig,
  clusterId: string | undefined,
  world: Looking,
  signal: AbortSignal,
): Promise<PlatformStatus> {
  if (clusterId === undefined) return { machines: [], nodes: [], addons: [], endpoints: [] };
  const cluster = world.cluster();
  const asked = async (name: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> => {
    try {
      return await look();
    } catch (error) {
      return [{ name, state: 'unknown', detail: error instanceof Error ? error.message : String(error) }];
    }
  };
  const [machines, nodes, addons, endpoints] = await Promise.all([
    asked('machines', () => machinesOf(config, clusterId, world)),
    asked('nodes', async () => nodesOf(config, await cluster)),
    asked('add-ons', async () => addonsOf(config, await cluster)),
    asked('endpoints', async () => endpointsOf(config, await cluster, world, signal)),
  ]);
  return { machines, nodes, addons, endpoints };
}

async function machinesOf(config: PlatformConfig, clusterId: string, { aws }: Looking): Promise<readonly Finding[]> {
  const found = await aws.instances(clusterId);
  const expected = Object.keys(config.nodes).map((name): Finding => {
    const instance = found.find(({ node }) => node === name);
    if (instance === undefined) return { name, state: 'problem', detail: 'does not exist' };
    return {
      name,
      state: instance.state === 'running' ? 'ok' : 'problem',
      detail: `${instance.state}  ${instance.id}  ${instance.type}  ${instance.publicAddress}`,
    };
  });
  const strangers = found.filter(({ node }) => config.nodes[node] === undefined);
  return [
    ...expected,
    ...strangers.map(
      ({ id, node, state }): Finding => ({
        name: node,
        state: 'problem',
        detail: `${id} is ${state} but not in the topology`,
      }),
    ),
  ];
}

async function nodesOf(config: PlatformConfig, cluster: ClusterReader): Promise<readonly Finding[]> {
  const found = new Map(
    (await cluster.list({ apiVersion: 'v1', kind: 'Node' })).map((node) => [node.metadata.name, node]),
  );
  return Object.keys(config.nodes).map((name) => {
    const node = found.get(name);
    if (node === undefined) return { name, state: 'problem', detail: 'has not joined' };
    const providerId = (node as unknown as { spec?: { providerID?: string } }).spec?.providerID ?? '';
    const problem = nodeProblem(config, { name, providerId }, node) ?? readinessProblem(name, node);
    return {
      name,
      state: problem === undefined ? 'ok' : 'problem',
      detail: problem ?? `Ready, v${config.versions.kubernetes}`,
    };
  });
}

async function addonsOf(config: PlatformConfig, cluster: ClusterReader): Promise<readonly Finding[]> {
  return Promise.all(
    config.addons
      .filter((addon) => workloads[addon] !== undefined)
      .map(async (addon): Promise<Finding> => {
        const rollouts = await Promise.all(
          (workloads[addon] ?? []).map(async (one) => ({ one, rollout: await rolloutOf(cluster, one) })),
        );
        const bad = rollouts.find(({ rollout }) => rollout.is !== 'ready');
        if (bad !== undefined)
          return {
            name: addon,
            state: 'problem',
            detail: `${bad.one.namespace}/${bad.one.name}: ${bad.rollout.because ?? 'not ready'}`,
          };
        return {
          name: addon,
          state: 'ok',
          detail: rollouts.map(({ one, rollout }) => `${one.name} ${rollout.because ?? ''}`).join(', '),
        };
      }),
  );
}

async function endpointsOf(
  config: PlatformConfig,
  cluster: ClusterReader,
  { aws, network }: Looking,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (!ingresses.some(({ addon }) => config.addons.includes(addon))) return [];
  const shared = await sharedHostname({ config }, cluster);
  if ('because' in shared) return [{ name: 'load balancer', state: 'problem', detail: shared.because }];
  const hosts = publicHosts(config);
  const servers = hosts.length === 0 ? [] : ((await aws.zone(config.domain ?? ''))?.nameServers ?? []);
  const pages = await Promise.all(
    hosts.map(async (host): Promise<Finding> => {
      const { status } = await network.request(`https://${host}/`, { servers, redirects: 5, signal });
      return { name: `https://${host}`, state: status < 400 ? 'ok' : 'problem', detail: `answers ${status}` };
    }),
  );
  return [{ name: 'load balancer', state: 'ok', detail: shared.hostname }, ...pages];
}
