import { createHash } from 'node:crypto';

/*
 * Names as the AWS Load Balancer Controller makes them (v3: pkg/ingress/model_build_load_balancer.go, model_build_target_group.go,
 * model_build_managed_sg.go, pkg/service/model_build_*.go, pkg/networking/backend_sg_provider.go): what people read, cut, and the first
 * ten digits of a SHA-256 over what makes it unique.
 */

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('')).digest('hex').slice(0, 10);
const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, '');

/** A group of Ingresses; one that nobody named is a single Ingress, by itself. */
export interface GroupId {
  readonly explicit: boolean;
  /** The group's name, or NAMESPACE/NAME: the value of the tag `ingress.k8s.aws/stack`. */
  readonly id: string;
}

export const groupFinalizer = ({ explicit, id }: GroupId): string =>
  explicit ? `group.ingress.k8s.aws/${id}` : 'ingress.k8s.aws/resources';

const readable = ({ explicit, id }: GroupId): string => {
  if (explicit) return plain(id).slice(0, 17);
  const [namespace = '', name = ''] = id.split('/');
  return `${plain(namespace).slice(0, 8)}-${plain(name).slice(0, 8)}`;
};

export const balancerName = (cluster: string, group: GroupId, scheme: string): string =>
  `k8s-${readable(group)}-${digest(cluster, group.id, scheme)}`;

export const managedGroupName = (cluster: string, group: GroupId): string =>
  `k8s-${readable(group)}-${digest(cluster, group.id)}`;

export const backendGroupName = (cluster: string): string =>
  `k8s-traffic-${plain(cluster).slice(0, 232)}-${digest(cluster)}`;

/** The name of a target group: of its Service, unique by the further parts. */
export const targetGroupName = (
  service: { readonly namespace: string; readonly name: string },
  ...unique: readonly string[]
): string => `k8s-${plain(service.namespace).slice(0, 8)}-${plain(service.name).slice(0, 8)}-${digest(...unique)}`;

export const serviceBalancerName = (
  cluster: string,
  service: { readonly namespace: string; readonly name: string; readonly uid: string },
  scheme: string,
): string =>
  `k8s-${plain(service.namespace).slice(0, 8)}-${plain(service.name).slice(0, 8)}-${digest(cluster, service.uid, scheme)}`;
