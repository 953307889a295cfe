import type { CloudKind, CloudReference, CloudResource, EstateScope, RemoveOptions } from '../../ports-estate.ts';

/** What one kind can do. Without `remove` it is a kind that platform never makes. */
export interface KindAdapter {
  list(scope: EstateScope): Promise<readonly CloudResource[]>;
  remove?(resource: CloudResource, options: RemoveOptions): Promise<void>;
}

/** The kinds of one client. */
export type Family<Kind extends CloudKind> = Readonly<Record<Kind, KindAdapter>>;

/** The tag that everything of a cluster carries from its birth. */
export const ownershipTag = 'platform/cluster';

/** The tag key of the cloud controllers. Its value (owned, shared) is for the classifier. */
export const kubernetesTag = (cluster: string): string => `kubernetes.io/cluster/${cluster}`;

const controllerTag = 'elbv2.k8s.aws/cluster';

/** Tag keys by which EC2 is asked: one call finds what any of them marks. */
export const markKeys = (cluster: string): readonly string[] => [ownershipTag, kubernetesTag(cluster), controllerTag];

/** Whether the tags name this cluster. A key alone may belong to another one. */
export function isMarked(tags: Readonly<Record<string, string>>, cluster: string): boolean {
  return tags[ownershipTag] === cluster || tags[controllerTag] === cluster || kubernetesTag(cluster) in tags;
}

export const recordedIds = (scope: EstateScope, kind: CloudKind): readonly string[] => [
  ...new Set(scope.recorded[kind] ?? []),
];

/** References of one kind, each once, without what has no id. */
export function references(
  kind: CloudKind,
  ids: readonly (string | undefined)[] | undefined,
): readonly CloudReference[] {
  const known = (ids ?? []).filter((id) => id !== undefined && id !== '') as string[];
  return [...new Set(known)].map((id) => ({ kind, id }));
}

/** Only those entries that have a value. */
export function known(facts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
}

/** Lists in pieces, because a call takes only so many. */
export function inBatches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
