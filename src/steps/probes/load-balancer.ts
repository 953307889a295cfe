import type { ClusterReader, LoadBalancer, ReadWorld } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe } from '../kit.ts';
import { listOf, textOf } from './fields.ts';

/** The Ingresses of ours, in the namespaces of the services behind them. */
export const ingresses = [
  { addon: 'argocd', namespace: 'argocd', name: 'argocd' },
  { addon: 'monitoring', namespace: 'monitoring', name: 'grafana' },
] as const;

type Configured = { readonly config: { readonly addons: readonly string[] } };

const expected = (ctx: Configured) => ingresses.filter(({ addon }) => ctx.config.addons.includes(addon));

/** The one hostname that all Ingresses of the group share, or why there is none yet. */
export async function sharedHostname(
  ctx: Configured,
  cluster: ClusterReader,
): Promise<{ readonly hostname: string } | { readonly because: string }> {
  const hostnames = new Set<string>();
  for (const { namespace, name } of expected(ctx)) {
    const ingress = await cluster.get({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace, name });
    const hostname = listOf(ingress, 'status', 'loadBalancer', 'ingress').map((one) => textOf(one, 'hostname'))[0];
    if (hostname === undefined) return { because: await lastWarning(cluster, namespace, name) };
    hostnames.add(hostname);
  }
  const [hostname, ...others] = hostnames;
  if (hostname === undefined) return { because: 'there is no Ingress' };
  return others.length === 0
    ? { hostname }
    : { because: `the Ingresses are on ${hostnames.size} load balancers, not on one` };
}

/** Why the controller has not answered: subnet tags, permissions and missing services show only in events (catalogue B16, F23). */
async function lastWarning(cluster: ClusterReader, namespace: string, name: string): Promise<string> {
  const events = (await cluster.list({ apiVersion: 'v1', kind: 'Event', namespace })).filter(
    (event) => textOf(event, 'involvedObject', 'name') === name && textOf(event, 'type') === 'Warning',
  );
  const message = textOf(events.at(-1), 'message');
  return `Ingress ${namespace}/${name} has no hostname yet${message === undefined ? '' : `: ${message}`}`;
}

export const hostnameGiven: PlatformProbe<unknown> = {
  name: 'load balancer hostname',
  every: seconds(10),
  within: minutes(10),
  noProgressFor: minutes(8),
  test: async (ctx) => {
    const found = await sharedHostname(ctx, await ctx.cluster());
    return 'hostname' in found ? { is: 'ready', because: found.hostname } : { is: 'waiting', because: found.because };
  },
};

/** The hostname appears minutes before traffic works: the balancer must be active, and a target of every group healthy. */
export const targetsHealthy: PlatformProbe<unknown> = {
  name: 'load balancer active, targets healthy',
  every: seconds(10),
  within: minutes(10),
  noProgressFor: minutes(8),
  test: async (ctx) => {
    const found = await activeLoadBalancer(ctx, ctx.aws, await ctx.cluster());
    if ('because' in found) return { is: 'waiting', because: found.because };
    const groups = await ctx.aws.targetHealth(found.arn);
    if (groups.length === 0) return { is: 'waiting', because: `${found.name} has no target group yet` };
    const sick = groups.find((group) => group.healthy === 0);
    if (sick === undefined)
      return {
        is: 'ready',
        because: `${found.name}: ${groups.length} target groups, ${groups.reduce((sum, group) => sum + group.healthy, 0)} healthy targets`,
      };
    const reason = sick.unhealthy[0];
    return {
      is: 'waiting',
      because: `${sick.group} has no healthy target${reason === undefined ? '' : ` (${reason.target}: ${reason.reason})`}`,
    };
  },
};

export async function activeLoadBalancer(
  ctx: Configured,
  aws: ReadWorld['aws'],
  cluster: ClusterReader,
): Promise<LoadBalancer | { readonly because: string }> {
  const shared = await sharedHostname(ctx, cluster);
  if ('because' in shared) return shared;
  const balancer = await aws.loadBalancer(shared.hostname);
  if (balancer === undefined) return { because: `AWS knows no load balancer ${shared.hostname}` };
  return balancer.state === 'active' ? balancer : { because: `${balancer.name} is ${balancer.state}` };
}
