import type { Json } from '../../engine/types.ts';
import type { ClusterReader, KubernetesObject } from '../../tools/ports.ts';
import { fieldOf, textOf } from '../probes/fields.ts';

/** How one kind is kept from making again what is taken away, and how that is undone. */
interface Suspension {
  /** A merge patch. */
  readonly stop: Json;
  /** The merge patch that puts back exactly what `stop` changed. */
  readonly restore: Json;
}

interface Suspendable {
  /** Of any served version. */
  readonly group: string;
  readonly kind: string;
  /** undefined: it does nothing by itself. */
  suspend(object: KubernetesObject): Suspension | undefined;
}

/** One field set, and put back to what it was; absent stays absent. */
const field = (object: KubernetesObject, path: readonly string[], value: Json): Suspension | undefined => {
  const before = (fieldOf(object, ...path) ?? null) as Json;
  if (before === value) return undefined;
  const nested = (leaf: Json): Json => path.reduceRight<Json>((inner, key) => ({ [key]: inner }), leaf);
  return { stop: nested(value), restore: nested(before) };
};

const flux = (kind: string, group: string): Suspendable => ({
  group,
  kind,
  suspend: (object) => field(object, ['spec', 'suspend'], true),
});

/**
 * Whatever applies or scales by itself. Horizontal autoscalers are left alone: they change a number of a workload that is there, and make none.
 * ApplicationSets come before the Applications that they would put back.
 */
export const suspendables: readonly Suspendable[] = [
  {
    // Without this an ApplicationSet writes its template's sync policy back (argo-cd applicationset, policy create-only).
    group: 'argoproj.io',
    kind: 'ApplicationSet',
    suspend: (object) => field(object, ['spec', 'syncPolicy', 'applicationsSync'], 'create-only'),
  },
  {
    group: 'argoproj.io',
    kind: 'Application',
    suspend: (object) =>
      fieldOf(object, 'spec', 'syncPolicy', 'automated') === undefined ||
      fieldOf(object, 'spec', 'syncPolicy', 'automated', 'enabled') === false
        ? undefined
        : field(object, ['spec', 'syncPolicy', 'automated'], null),
  },
  flux('Kustomization', 'kustomize.toolkit.fluxcd.io'),
  flux('HelmRelease', 'helm.toolkit.fluxcd.io'),
  {
    group: 'keda.sh',
    kind: 'ScaledObject',
    suspend: (object) => field(object, ['metadata', 'annotations', 'autoscaling.keda.sh/paused'], 'true'),
  },
  { group: 'karpenter.sh', kind: 'NodePool', suspend: (object) => field(object, ['spec', 'limits', 'cpu'], '0') },
  {
    // It would start machines for pods that cannot be placed, and end those that stand idle.
    group: 'apps',
    kind: 'Deployment',
    suspend: (object) => (isClusterAutoscaler(object) ? field(object, ['spec', 'replicas'], 0) : undefined),
  },
];

function isClusterAutoscaler({ metadata }: KubernetesObject): boolean {
  return [metadata.name, metadata.labels?.['app.kubernetes.io/name']].some((name) =>
    /^(aws-)?cluster-autoscaler$/.test(name ?? ''),
  );
}

/** Where an object remembers how it is put back. */
export const memory = 'platform/suspended';

/** Stop and memory in one patch: killed before it, nothing has changed; killed after it, it can be undone. */
export function suspensionOf(kind: Suspendable, object: KubernetesObject): Json | undefined {
  const suspension = kind.suspend(object);
  if (suspension === undefined) return undefined;
  return joined(suspension.stop, { metadata: { annotations: { [memory]: JSON.stringify(suspension.restore) } } });
}

/** undefined: it was never suspended by us, or its memory was damaged by hand. */
export function restorationOf(object: KubernetesObject): Json | undefined {
  const text = textOf(object.metadata.annotations, memory);
  if (text === undefined) return undefined;
  try {
    return joined(JSON.parse(text) as Json, { metadata: { annotations: { [memory]: null } } });
  } catch {
    return undefined;
  }
}

/** Two merge patches as one. */
function joined(one: Json, other: Json): Json {
  if (!isRecord(one) || !isRecord(other)) return other;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const [left, right] = [one[key], other[key]];
      return [key, left === undefined ? (right as Json) : right === undefined ? left : joined(left, right)];
    }),
  );
}

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Everything that could be suspended, as far as its kind is installed. */
export async function suspendablesIn(
  cluster: ClusterReader,
): Promise<readonly { readonly suspendable: Suspendable; readonly object: KubernetesObject }[]> {
  const { kinds } = await cluster.kinds();
  const lists = await Promise.all(
    suspendables.map(async (suspendable) => {
      const served = kinds.find(
        ({ apiVersion, kind }) => kind === suspendable.kind && apiVersion.startsWith(`${suspendable.group}/`),
      );
      if (served === undefined) return [];
      const found = await cluster.list({ apiVersion: served.apiVersion, kind: served.kind });
      return found.map((object) => ({ suspendable, object }));
    }),
  );
  return lists.flat();
}
