import type { CloudResource } from '../../tools/ports.ts';
import type { Evidence } from './inventory-types.ts';

/** The Kubernetes object that a resource came from, by the marks of its controller: 'Ingress web/shop'. */
export function originOf(
  { kind, id, tags, unique }: CloudResource,
  { volumes, hostnames }: Evidence,
): string | undefined {
  const tag = (key: string): string | undefined => tags[key];
  const ingress = tag('ingress.k8s.aws/stack');
  if (ingress !== undefined) return ingress.includes('/') ? `Ingress ${ingress}` : `Ingress group ${ingress}`;
  const service = tag('service.k8s.aws/stack') ?? tag('kubernetes.io/service-name');
  if (service !== undefined) return `Service ${service}`;
  const gateway = tag('gateway.k8s.aws.alb/stack') ?? tag('gateway.k8s.aws.nlb/stack');
  if (gateway !== undefined) return `Gateway ${gateway}`;
  if (kind === 'volume' && volumes.has(id)) return volumes.get(id)?.origin;
  const claim = tag('kubernetes.io/created-for/pvc/name');
  if (claim !== undefined)
    return `PersistentVolumeClaim ${tag('kubernetes.io/created-for/pvc/namespace') ?? ''}/${claim}`;
  if (kind === 'load-balancer') return hostnames.get(unique['hostname'] ?? '');
  return undefined;
}
