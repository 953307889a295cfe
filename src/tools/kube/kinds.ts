import type { ClusterReader } from '../ports-cluster.ts';
import { openSlots } from './slots.ts';
import { groupPath } from './discovery.ts';
import type { Requests } from './requests.ts';

type Kinds = Awaited<ReturnType<ClusterReader['kinds']>>;

interface GroupList {
  readonly groups: readonly {
    readonly name: string;
    readonly versions: readonly { readonly groupVersion: string }[];
    readonly preferredVersion?: { readonly groupVersion: string };
  }[];
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

/**
 * Every kind that can be listed, group by group. A kind that its group's preferred version does not serve is taken from the first version that
 * does. The server of an aggregated group may be dead: that group is named and the others are still told.
 */
export async function readKinds(requests: Requests): Promise<Kinds> {
  const groups = (await requests.expect({ method: 'GET', path: '/apis' })) as GroupList;
  const slot = openSlots(4);
  const lists = await Promise.all(
    [
      { name: '', versions: ['v1'] },
      ...groups.groups.map(({ name, versions, preferredVersion }) => ({
        name,
        versions: [
          ...new Set([
            ...(preferredVersion === undefined ? [] : [preferredVersion.groupVersion]),
            ...versions.map(({ groupVersion }) => groupVersion),
          ]),
        ],
      })),
    ].map(({ name, versions }) => slot(() => kindsOfGroup(requests, name, versions))),
  );
  return {
    kinds: lists.flatMap(({ kinds }) => kinds),
    unavailable: lists.flatMap(({ unavailable }) => unavailable),
  };
}

async function kindsOfGroup(requests: Requests, name: string, versions: readonly string[]): Promise<Kinds> {
  const found = new Map<string, Kinds['kinds'][number]>();
  for (const apiVersion of versions) {
    const call = { method: 'GET', path: groupPath(apiVersion) } as const;
    const answer = await requests.send(call);
    // A definition that was removed while we read.
    if (answer.status === 404) continue;
    if (answer.status >= 500) return { kinds: [...found.values()], unavailable: [name] };
    for (const resource of (requests.accept(call, answer) as ResourceList).resources)
      if (!resource.name.includes('/') && resource.verbs.includes('list') && !found.has(resource.kind))
        found.set(resource.kind, { apiVersion, kind: resource.kind, namespaced: resource.namespaced });
  }
  return { kinds: [...found.values()], unavailable: [] };
}
