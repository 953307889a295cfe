import type { KubernetesObject } from '../../../tools/ports.ts';
import { fieldOf, recordOf, textOf } from '../shared/fields.ts';
import { groupFinalizer } from './names.ts';
import type { GroupId } from './names.ts';

export const annotation = (object: KubernetesObject, name: string): string | undefined =>
  object.metadata.annotations?.[`alb.ingress.kubernetes.io/${name}`];

export const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;

/** An Ingress with the parameters of its class, which go before its own annotations. */
export interface Member {
  readonly ingress: KubernetesObject;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface IngressGroup {
  readonly group: GroupId;
  /** Those that want the load balancer, in the order in which their rules count. */
  readonly active: readonly Member[];
  /** Those that leave it: being deleted, or of another group or class now. They hold its finalizer. */
  readonly leaving: readonly KubernetesObject[];
}

/**
 * Sorts Ingresses into groups. One whose class is gone belongs nowhere: it is neither served nor let go, as long as the class is
 * missing; deleting a class before its Ingresses therefore leaves the load balancer behind.
 */
export function groupIngresses(
  ingresses: readonly KubernetesObject[],
  classes: readonly KubernetesObject[],
  parameters: readonly KubernetesObject[],
  ingressClass: string,
): readonly IngressGroup[] {
  const found = new Map<string, { group: GroupId; active: Member[]; leaving: KubernetesObject[] }>();
  const at = (group: GroupId) => {
    const finalizer = groupFinalizer(group);
    const key = group.explicit ? finalizer : group.id;
    const entry = found.get(key) ?? { group, active: [], leaving: [] };
    found.set(key, entry);
    return entry;
  };
  for (const ingress of ingresses) {
    const parametersOfClass = classOf(ingress, classes, parameters, ingressClass);
    const deleted = ingress.metadata.deletionTimestamp !== undefined;
    if (parametersOfClass === 'missing') continue;
    const group = parametersOfClass === 'foreign' ? undefined : groupOf(ingress, parametersOfClass);
    if (group !== undefined && !deleted && parametersOfClass !== 'foreign')
      at(group).active.push({ ingress, parameters: parametersOfClass });
    for (const held of heldGroups(ingress)) {
      if (deleted || group === undefined || groupFinalizer(group) !== groupFinalizer(held))
        at(held).leaving.push(ingress);
    }
  }
  return [...found.values()].map((entry) => ({ ...entry, active: entry.active.sort(byOrder) }));
}

function classOf(
  ingress: KubernetesObject,
  classes: readonly KubernetesObject[],
  parameters: readonly KubernetesObject[],
  ingressClass: string,
): Readonly<Record<string, unknown>> | 'foreign' | 'missing' {
  const old = ingress.metadata.annotations?.['kubernetes.io/ingress.class'];
  if (old !== undefined) return old === ingressClass ? {} : 'foreign';
  const name = textOf(ingress, 'spec', 'ingressClassName');
  if (name === undefined) return 'foreign';
  const found = classes.find((one) => one.metadata.name === name);
  if (found === undefined) return 'missing';
  if (textOf(found, 'spec', 'controller') !== 'ingress.k8s.aws/alb') return 'foreign';
  const wanted = textOf(found, 'spec', 'parameters', 'name');
  if (wanted === undefined) return {};
  const live = parameters.find((one) => one.metadata.name === wanted);
  return live === undefined ? 'missing' : recordOf(live, 'spec');
}

function groupOf(ingress: KubernetesObject, parameters: Readonly<Record<string, unknown>>): GroupId {
  const named = textOf(parameters, 'group', 'name') ?? annotation(ingress, 'group.name');
  return named === undefined ? { explicit: false, id: keyOf(ingress) } : { explicit: true, id: named };
}

function heldGroups(ingress: KubernetesObject): readonly GroupId[] {
  const prefix = 'group.ingress.k8s.aws/';
  return (ingress.metadata.finalizers ?? []).flatMap((finalizer): readonly GroupId[] => {
    if (finalizer.startsWith(prefix)) return [{ explicit: true, id: finalizer.slice(prefix.length) }];
    return finalizer === 'ingress.k8s.aws/resources' ? [{ explicit: false, id: keyOf(ingress) }] : [];
  });
}

function byOrder(a: Member, b: Member): number {
  const order = ({ ingress }: Member): number => Number(annotation(ingress, 'group.order') ?? 0);
  return order(a) - order(b) || keyOf(a.ingress).localeCompare(keyOf(b.ingress));
}

/** The port of a Service by number or name, as its Service describes it. */
export function servicePort(
  service: KubernetesObject,
  port: number | string,
): { readonly port: number; readonly nodePort: number } | undefined {
  const ports = (fieldOf(service, 'spec', 'ports') ?? []) as readonly {
    port: number;
    name?: string;
    nodePort?: number;
  }[];
  const found = ports.find((one) => one.port === port || one.name === port);
  return found === undefined ? undefined : { port: found.port, nodePort: found.nodePort ?? 0 };
}
