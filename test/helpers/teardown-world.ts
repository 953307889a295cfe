import type { PlatformConfig } from '../../src/config/config.ts';
import type { StepContext } from '../../src/steps/kit.ts';
import { stateBucket, stateKey } from '../../src/steps/names.ts';
import type {
  AwsWriter,
  CloudKind,
  CloudResource,
  ClusterWriter,
  EstateScope,
  KubernetesObject,
  LedgerEntry,
  StateResource,
} from '../../src/tools/ports.ts';
import { exampleConfig } from './configuration.ts';
import { clusterWith, fakeWorld } from './fake-world.ts';
import { ours } from './teardown-evidence.ts';

const account = '123456789012';

export interface TeardownParts {
  readonly config?: PlatformConfig;
  readonly resources?: readonly CloudResource[];
  readonly ledger?: readonly LedgerEntry[];
  /** Lines of the copy beside the Terraform state. */
  readonly mirrored?: string;
  readonly states?: Readonly<Partial<Record<'foundation' | 'cluster', readonly StateResource[]>>>;
  /** false: no cluster id was ever minted. */
  readonly built?: boolean;
  /** Absent: no control plane was ever made. */
  readonly cluster?: Partial<ClusterWriter> & { readonly kubeconfig?: boolean };
  readonly aws?: Partial<AwsWriter>;
  list?(kind: CloudKind, scope: EstateScope): Promise<readonly CloudResource[]>;
}

/** A world of which a teardown takes the inventory; counts the listings. */
export function teardownWorld(parts: TeardownParts = {}) {
  const config = parts.config ?? { ...exampleConfig(), name: 'shop', environment: 'dev' };
  const objects = new Map<string, string | undefined>([
    [stateKey(config, 'identity.json'), parts.built === false ? undefined : JSON.stringify({ clusterId: ours })],
    [stateKey(config, 'ledger.ndjson'), parts.mirrored],
  ]);
  const bucket = stateBucket(config, account);
  const { context, notes, ledger } = fakeWorld(
    {
      aws: {
        caller: async () => ({ account, arn: `arn:aws:iam::${account}:user/someone` }),
        bucket: async () => ({ exists: true, versioned: true, encrypted: true, blocked: true, tags: {} }),
        object: async (name, key) => (name === bucket ? objects.get(key) : undefined),
        instances: async () => [],
        ...parts.aws,
      },
      terraform: { resources: async ({ name }) => parts.states?.[name as 'foundation' | 'cluster'] ?? [] },
      helm: { releases: async () => [] },
      files: {
        read: async () =>
          parts.cluster?.kubeconfig === false || parts.cluster === undefined ? undefined : 'kubeconfig',
      },
      cluster: parts.cluster ?? {},
    },
    config,
  );
  ledger.push(...(parts.ledger ?? []));
  const scopes: EstateScope[] = [];
  const listed: CloudKind[] = [];
  const estate = {
    list: async (kind: CloudKind, scope: EstateScope) => {
      listed.push(kind);
      scopes.push(scope);
      return parts.list === undefined
        ? (parts.resources ?? []).filter((one) => one.kind === kind)
        : parts.list(kind, scope);
    },
  };
  const clock = { now: () => 1_000_000, monotonic: () => 0, sleep: async () => undefined };
  return { context: { ...context, estate, clock } as unknown as StepContext, notes, ledger, listed, scopes };
}

/** A cluster of that identity which holds these objects, and whose nodes stand on these machines. */
export function liveCluster(
  machines: readonly string[],
  objects: readonly KubernetesObject[] = [],
  identity = { server: 'https://203.0.113.1:6443', authority: 'ca-1', uid: 'uid-1' },
): Partial<ClusterWriter> {
  const nodes = machines.map((id) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: id },
    spec: { providerID: `aws:///eu-west-1a/${id}` },
  }));
  return {
    ...clusterWith([...nodes, ...objects]),
    identity: async () => identity,
    kinds: async () => ({
      kinds: [
        ...new Map(objects.map(({ apiVersion, kind }) => [kind, { apiVersion, kind, namespaced: true }])).values(),
      ],
      unavailable: [],
    }),
  };
}
