import { differences, summarize } from './kube/compare.ts';
import type { ClusterReader, KubernetesObject } from './ports-cluster.ts';
import type { Release, ReleaseState } from './ports.ts';
import { readRelease } from './helm-release.ts';
import type { StoredRelease } from './helm-release.ts';

/**
 * Compares a release with what is wanted, without a write: status, chart and values by the stored release, and each of
 * its objects by a dry-run apply as Helm would send it. The chart is not rendered again: a pinned version with the same
 * values gives the same objects, and some charts make a new certificate at every rendering.
 */
export async function compareRelease(cluster: ClusterReader, release: Release): Promise<ReleaseState> {
  const stored = await readRelease(cluster, release.namespace, release.name);
  if (stored === undefined || stored.status === 'uninstalled') return { is: 'absent' };
  if (stored.status.startsWith('pending-') || stored.status === 'uninstalling')
    return { is: 'pending', status: stored.status };
  if (stored.status === 'failed')
    return { is: 'failed', because: stored.description || 'Helm recorded the release as failed' };
  const because =
    chartDifference(stored, release) ??
    (await valuesDifference(stored, release)) ??
    (await objectDifference(cluster, stored, release));
  return because === undefined ? { is: 'current' } : { is: 'differs', because };
}

function chartDifference(stored: StoredRelease, release: Release): string | undefined {
  const bare = (version: string): string => version.replace(/^v/, '');
  if (stored.chart.name !== release.chart) return `the chart is ${stored.chart.name} instead of ${release.chart}`;
  if (bare(stored.chart.version) !== bare(release.version))
    return `the chart ${release.chart} is ${stored.chart.version} instead of ${release.version}`;
  return stored.status === 'deployed' ? undefined : `the release is ${stored.status}`;
}

async function valuesDifference(stored: StoredRelease, release: Release): Promise<string | undefined> {
  const { parse } = await import('yaml');
  const wanted = (parse(release.values) ?? {}) as Readonly<Record<string, unknown>>;
  const found = differences(stored.values, wanted, new Set());
  return found.length === 0 ? undefined : `values: ${summarize(found)}`;
}

async function objectDifference(
  cluster: ClusterReader,
  stored: StoredRelease,
  release: Release,
): Promise<string | undefined> {
  const objects = (await objectsOf(stored.manifest)).map((object) => asHelmSends(object, release));
  const results = await Promise.all(objects.map((object) => cluster.dryRunApply(object, 'helm')));
  const found = results.filter(({ result }) => result !== 'same').map(({ because }) => because);
  return found.length === 0 ? undefined : summarize(found);
}

async function objectsOf(manifest: string): Promise<readonly KubernetesObject[]> {
  const { parseAllDocuments } = await import('yaml');
  // Manifests are written by Go: YAML 1.1 booleans such as `on` are quoted there, so 1.2 reads the same.
  return parseAllDocuments(manifest).flatMap((document) => {
    const object = document.toJS() as (KubernetesObject & { readonly items?: readonly KubernetesObject[] }) | null;
    if (object?.kind === undefined) return [];
    if (object.items === undefined || !object.kind.endsWith('List')) return [object];
    // Some charts write `ConfigMapList`; Helm applies what is in it.
    const kind = object.kind.replace(/List$/, '');
    return object.items.map((item) => ({ ...(kind === '' ? {} : { apiVersion: object.apiVersion, kind }), ...item }));
  });
}

/** Helm adds one label and two annotations to everything, and the namespace where there is none (helm pkg/action, validate.go). */
function asHelmSends(object: KubernetesObject, { name, namespace }: Release): KubernetesObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      namespace: object.metadata.namespace ?? namespace,
      labels: { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        ...object.metadata.annotations,
        'meta.helm.sh/release-name': name,
        'meta.helm.sh/release-namespace': namespace,
      },
    },
  };
}
