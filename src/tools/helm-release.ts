import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ClusterReader, KubernetesObject } from './ports-cluster.ts';

/** The last revision of a release, as Helm keeps it in the cluster. */
export interface StoredRelease {
  readonly revision: number;
  /** deployed, failed, pending-install, pending-upgrade, pending-rollback, uninstalling, uninstalled, superseded. */
  readonly status: string;
  readonly description: string;
  readonly chart: { readonly name: string; readonly version: string };
  /** The values that were given, without the chart's own. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Every object of the release but its hooks, as one YAML stream. */
  readonly manifest: string;
  readonly hooks: readonly { readonly name: string; readonly kind: string }[];
  /** Name of the Secret. */
  readonly secret: string;
}

/** What Helm 3 and 4 write (helm pkg/storage/driver/secrets.go, pkg/release/v1); only what we read. */
interface Wire {
  readonly version: number;
  readonly info?: { readonly status?: string; readonly description?: string };
  readonly chart?: { readonly metadata?: { readonly name?: string; readonly version?: string } };
  readonly config?: Readonly<Record<string, unknown>>;
  readonly manifest?: string;
  readonly hooks?: readonly { readonly name?: string; readonly kind?: string }[];
}

const unzip = promisify(gunzip);

/** Reads the last revision straight from its Secret: 5 ms instead of the 100 that a call of helm takes. undefined when there is none. */
export async function readRelease(
  cluster: ClusterReader,
  namespace: string,
  name: string,
): Promise<StoredRelease | undefined> {
  const secrets = await cluster.list({
    apiVersion: 'v1',
    kind: 'Secret',
    namespace,
    labels: `owner=helm,name=${name}`,
  });
  const last = secrets.reduce<KubernetesObject | undefined>(
    (latest, secret) => (latest === undefined || revisionOf(secret) > revisionOf(latest) ? secret : latest),
    undefined,
  );
  return last === undefined ? undefined : decode(last);
}

function revisionOf(secret: KubernetesObject): number {
  return Number(secret.metadata.labels?.['version'] ?? 0);
}

async function decode(secret: KubernetesObject): Promise<StoredRelease> {
  const { release = '' } = (secret['data'] ?? {}) as { readonly release?: string };
  // Base64 twice: once by Helm, once by the API for every Secret.
  const bytes = Buffer.from(Buffer.from(release, 'base64').toString('latin1'), 'base64');
  const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const wire = JSON.parse((isZipped ? await unzip(bytes) : bytes).toString('utf8')) as Wire;
  return {
    revision: wire.version,
    status: wire.info?.status ?? '',
    description: wire.info?.description ?? '',
    chart: { name: wire.chart?.metadata?.name ?? '', version: wire.chart?.metadata?.version ?? '' },
    values: wire.config ?? {},
    manifest: wire.manifest ?? '',
    hooks: (wire.hooks ?? []).map((hook) => ({ name: hook.name ?? '', kind: hook.kind ?? '' })),
    secret: secret.metadata.name,
  };
}
