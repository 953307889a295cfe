import type { KubernetesObject } from '../../../tools/ports.ts';
import { pairsOf } from '../shared/controller.ts';
import { listOf, textOf } from '../shared/fields.ts';
import { keyOf } from './ingress-groups.ts';
import { ModelError } from './ingress-stack.ts';
import { serviceBalancerName, targetGroupName } from './names.ts';
import type { Listener, Settings, Stack, TargetGroup } from './stack.ts';

export const serviceFinalizer = 'service.k8s.aws/resources';

const read = (service: KubernetesObject, name: string): string | undefined =>
  service.metadata.annotations?.[`service.beta.kubernetes.io/aws-load-balancer-${name}`];

/** Attributes that a Service wants its load balancer to have. */
export const serviceAttributes = (service: KubernetesObject): Readonly<Record<string, string>> =>
  pairsOf(read(service, 'attributes'));

/** Whether a Service is this controller's: by its class, or by the older annotation where it has none. */
export function isServed(service: KubernetesObject): boolean {
  if (textOf(service, 'spec', 'type') !== 'LoadBalancer') return false;
  const wanted = textOf(service, 'spec', 'loadBalancerClass');
  return wanted === undefined
    ? ['external', 'nlb-ip'].includes(read(service, 'type') ?? '')
    : wanted === 'service.k8s.aws/nlb';
}

/** What a Service of type LoadBalancer wants: a network load balancer, with a listener and a target group for each of its ports. */
export function serviceStack(settings: Settings, service: KubernetesObject): Stack {
  const { namespace = 'default', name, uid = '' } = service.metadata;
  const scheme = read(service, 'scheme') ?? 'internal';
  if (scheme !== 'internal' && scheme !== 'internet-facing') throw new ModelError(`unknown scheme: ${scheme}`);
  const ports = listOf(service, 'spec', 'ports') as readonly { port: number; protocol?: string; nodePort?: number }[];
  const groups: TargetGroup[] = [];
  const listeners: Listener[] = [];
  for (const { port, protocol = 'TCP', nodePort = 0 } of ports) {
    if (nodePort === 0) throw new ModelError(`${keyOf(service)}: port ${port} has no node port`);
    const group: TargetGroup = {
      name: targetGroupName(
        { namespace, name },
        settings.cluster,
        uid,
        String(nodePort),
        String(port),
        'instance',
        protocol,
        'TCP',
        '10',
      ),
      resource: `${keyOf(service)}:${port}`,
      protocol,
      nodePort,
      service: { namespace, name, port },
      health: { protocol: 'TCP' },
      attributes: pairsOf(read(service, 'target-group-attributes')),
    };
    groups.push(group);
    listeners.push({ port, protocol, certificates: [], fallback: { to: 'group', group: group.name }, rules: [] });
  }
  const ranges = listOf(service, 'spec', 'loadBalancerSourceRanges').map(String);
  const subnets = read(service, 'subnets')
    ?.split(',')
    .map((one) => one.trim());
  const balancer = read(service, 'name') ?? serviceBalancerName(settings.cluster, { namespace, name, uid }, scheme);
  return {
    family: 'service.k8s.aws',
    id: keyOf(service),
    balancer: {
      name: balancer,
      type: 'network',
      scheme,
      attributes: serviceAttributes(service),
      ...(subnets === undefined ? {} : { subnets }),
    },
    entrance: {
      name: balancer,
      ports: ports.map(({ port }) => port),
      cidrs: ranges.length > 0 ? ranges : ['0.0.0.0/0'],
    },
    targetGroups: groups,
    listeners,
    tags: pairsOf(read(service, 'additional-resource-tags')),
  };
}
