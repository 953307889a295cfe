import type { KubernetesObject } from '../../../src/tools/ports-cluster.ts';

export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
}

/** An object as the cluster in memory keeps it. */
export interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
    readonly creationTimestamp: string;
    deletionTimestamp?: string;
    finalizers: string[];
    readonly ownerReferences: readonly Owner[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export interface Draft {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly finalizers?: readonly string[];
  readonly owner?: Stored;
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind}/${namespace ?? ''}/${name}`;

export const keyOfObject = ({ kind, metadata }: Pick<KubernetesObject, 'kind' | 'metadata'>): string =>
  keyOf(kind, metadata.namespace, metadata.name);

/** Kinds that every cluster serves beside those that an object in it proves, and whether they live in namespaces. */
export const servedKinds: readonly {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}[] = [
  ...['Namespace', 'Node', 'PersistentVolume'].map((kind) => ({ apiVersion: 'v1', kind, namespaced: false })),
  ...['Pod', 'Service', 'PersistentVolumeClaim', 'ConfigMap', 'Secret'].map((kind) => ({
    apiVersion: 'v1',
    kind,
    namespaced: true,
  })),
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) => ({
    apiVersion: 'apps/v1',
    kind,
    namespaced: true,
  })),
  ...['Job', 'CronJob'].map((kind) => ({ apiVersion: 'batch/v1', kind, namespaced: true })),
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespaced: true },
  { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', namespaced: false },
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'ValidatingWebhookConfiguration'].map(
    (kind) => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind, namespaced: false }),
  ),
  { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespaced: false },
  { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', namespaced: false },
  { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', namespaced: false },
];

/** RFC 7386. */
export function merged(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const base: Record<string, unknown> =
    target !== null && typeof target === 'object' && !Array.isArray(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete base[field];
    else base[field] = merged(base[field], value);
  }
  return base;
}

export const matches = (labels: Readonly<Record<string, string>>, selector: string | undefined): boolean =>
  (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [key = '', value] = term.split(/==?/);
      return value === undefined ? labels[key] !== undefined : labels[key] === value;
    });
