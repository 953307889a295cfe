import type {
  CloudReference,
  CloudResource,
  InstalledRelease,
  KubernetesObject,
  LedgerEntry,
} from '../../tools/ports.ts';

/**
 * Whose something is. `owned`: proven, may go. `data`: proven, and goes only with --delete-data. `shared`: marked as shared by several clusters, never
 * deleted. `foreign`: proven to be someone else's. `unknown`: nothing proves either; treated as foreign, and named.
 */
export type Ownership = 'owned' | 'data' | 'shared' | 'foreign' | 'unknown';

/** One resource with its verdict. */
export interface Finding {
  readonly resource: CloudResource;
  readonly class: Ownership;
  /** The proof or the doubt: 'tag platform/cluster=x in recorded vpc-1', 'same name, other RoleId than recorded'. Journaled with the deletion. */
  readonly because: string;
  /** Where one of our Terraform states has it: removed by Terraform wherever that works. */
  readonly terraform?: { readonly root: 'foundation' | 'cluster'; readonly address: string };
  /** The Kubernetes object that it came from: 'Ingress argocd/argocd-server'. */
  readonly origin?: string;
  /** Why it stays although it is ours: '--keep foundation', 'data: --delete-data was not given', 'backup: ...', 'holds the Terraform state'. */
  readonly kept?: string;
}

/** What lives in the cluster and must go through Kubernetes first. Absent from an inventory when the API does not answer or is left out. */
export interface ClusterFindings {
  readonly ingresses: readonly KubernetesObject[];
  readonly services: readonly KubernetesObject[];
  readonly gateways: readonly KubernetesObject[];
  readonly claims: readonly KubernetesObject[];
  readonly volumes: readonly KubernetesObject[];
  readonly releases: readonly InstalledRelease[];
  /** Custom resources of operators: RabbitmqClusters, topology objects ... */
  readonly operands: readonly KubernetesObject[];
  /** Argo CD Applications and ApplicationSets, autoscalers. */
  readonly reconcilers: readonly KubernetesObject[];
}

export type KubernetesState =
  | { readonly is: 'answers'; readonly findings: ClusterFindings }
  | { readonly is: 'unreachable'; readonly because: string }
  /** No control plane was ever made, or --aws-only. */
  | { readonly is: 'left-out'; readonly because: string };

/** Everything that was found in one round, from nothing. */
export interface Inventory {
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** '' where none was ever minted: there is nothing to look for. */
  readonly clusterId: string;
  readonly account: string;
  readonly vpcs: readonly string[];
  readonly findings: readonly Finding[];
  /** What the verdicts were made from: stays true for the rounds that follow. Absent: no cluster id was ever minted. */
  readonly evidence?: Evidence;
  readonly kubernetes: KubernetesState;
  /** Ledger entries of which AWS shows nothing any more. */
  readonly vanished: readonly LedgerEntry[];
}

/** What the proof of ownership is made from. */
export interface Evidence {
  readonly clusterId: string;
  readonly environment: string;
  readonly account: string;
  /** Holds the Terraform state: never deleted. Absent: the state is local. */
  readonly stateBucket?: string;
  /** VPCs that the ledger or the Terraform state records. */
  readonly vpcs: readonly string[];
  readonly ledger: readonly LedgerEntry[];
  /** What the Terraform states hold, as references. */
  readonly terraform: readonly (CloudReference & {
    readonly root: 'foundation' | 'cluster';
    readonly address: string;
    /** What tells it from a later one of its name. */
    readonly unique?: Readonly<Record<string, string>>;
  })[];
  /**
   * Volume handles of PersistentVolumes of our own cluster, from its API or from what an earlier look recorded, with the object and its reclaim
   * policy; hostnames of its load balancers, with the object.
   */
  readonly volumes: ReadonlyMap<string, { readonly origin: string; readonly retain: boolean }>;
  readonly hostnames: ReadonlyMap<string, string>;
  /** The user's own Terraform tree: nothing carries our tags, so only what the state holds is ours, and only Terraform removes it. */
  readonly bringYourOwn: boolean;
}
