import type { KubernetesObject } from '../tools/ports.ts';
import { quantity } from './quantity.ts';

/** What a pod asks of a node. */
export interface Demand {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Pods that are alike, and where they may go. */
export interface Workload {
  /** `Deployment kube-system/coredns`. */
  readonly name: string;
  readonly copies: number | 'every-node';
  readonly demand: Demand;
  readonly selector: Readonly<Record<string, string>>;
  /** Alternatives of required node affinity; [] when there is none. */
  readonly terms: readonly (readonly Expression[])[];
  readonly tolerations: readonly Toleration[];
}

interface Container {
  readonly restartPolicy?: string;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, unknown>>;
    readonly limits?: Readonly<Record<string, unknown>>;
  };
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly { readonly matchExpressions?: readonly Expression[] }[];
      };
    };
  };
}

/** Custom resources that an operator makes one StatefulSet of, and how it is called. Their pod settings are in `spec` itself. */
const operated: Readonly<Record<string, (name: string) => string>> = {
  Prometheus: (name) => `prometheus-${name}`,
  Alertmanager: (name) => `alertmanager-${name}`,
  RabbitmqCluster: (name) => `${name}-server`,
};

/** Kinds that become pods; of everything else the sum does not speak. Jobs end, and leave what they took. */
export const kindsWithPods: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', ...Object.keys(operated)];

/** What the objects become on nodes. A StatefulSet that is there itself is not counted again for its custom resource. */
export function workloadsOf(objects: readonly KubernetesObject[]): readonly Workload[] {
  const found = new Map<string, Workload>();
  for (const object of objects) {
    const one = workloadOf(object);
    if (one !== undefined && (operated[object.kind] === undefined || !found.has(one.name))) found.set(one.name, one);
  }
  return [...found.values()];
}

function workloadOf(object: KubernetesObject): Workload | undefined {
  if (!kindsWithPods.includes(object.kind)) return undefined;
  const spec = (object['spec'] ?? {}) as { replicas?: number; template?: { spec?: PodSpec } } & PodSpec & Container;
  const nameOf = operated[object.kind];
  const pod: PodSpec =
    nameOf === undefined ? (spec.template?.spec ?? {}) : { ...spec, containers: [{ resources: spec.resources ?? {} }] };
  const { name, namespace = 'default' } = object.metadata;
  return {
    name: `${nameOf === undefined ? object.kind : 'StatefulSet'} ${namespace}/${nameOf?.(name) ?? name}`,
    copies: object.kind === 'DaemonSet' ? 'every-node' : (spec.replicas ?? 1),
    demand: demandOf(pod),
    selector: pod.nodeSelector ?? {},
    terms: (pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).map(
      ({ matchExpressions }) => matchExpressions ?? [],
    ),
    tolerations: pod.tolerations ?? [],
  };
}

/**
 * As the scheduler counts: what runs side by side, or the greatest of what runs before it, whichever is more. A limit without a
 * request is one.
 */
function demandOf({ containers = [], initContainers = [] }: PodSpec): Demand {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const first = initContainers.filter(({ restartPolicy }) => restartPolicy !== 'Always');
  const of = (resource: 'cpu' | 'memory'): number => {
    const asked = (one: Container): number =>
      quantity(one.resources?.requests?.[resource] ?? one.resources?.limits?.[resource]);
    const together = [...containers, ...sidecars].reduce((sum, one) => sum + asked(one), 0);
    return Math.max(together, ...first.map(asked));
  };
  return { cpu: of('cpu'), memory: of('memory') };
}
