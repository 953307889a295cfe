/** The resolved configuration of one environment: defaults filled, overrides applied, versions joined. Types only. */

export const addons = [
  'ebs-csi',
  'cert-manager',
  'alb-controller',
  'metrics-server',
  'argocd',
  'monitoring',
  'rabbitmq',
  'redis',
  'etcd-backup',
] as const;
export type Addon = (typeof addons)[number];

export interface NodeConfig {
  readonly role: 'control-plane' | 'worker';
  readonly type: string;
  /** GiB of the root volume. */
  readonly disk: number;
  readonly eip: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  }[];
}

export interface ChartPin {
  readonly repository: string;
  readonly chart: string;
  readonly version: string;
}

export interface ManifestPin {
  readonly url: string;
  readonly sha256: string;
}

/** `versions.yaml`: one pin for every component that is installed. */
export interface Versions {
  readonly kubernetes: string;
  readonly containerd: { readonly package: string; readonly version: string };
  readonly cni: Readonly<
    Record<'calico' | 'flannel', { readonly version: string; readonly manifests: readonly ManifestPin[] }>
  >;
  readonly charts: Readonly<Record<string, ChartPin>>;
  readonly manifests: Readonly<Record<string, { readonly version: string; readonly files: readonly ManifestPin[] }>>;
  readonly images: Readonly<Record<string, string>>;
}

/** What a person said about a teardown on the command line; the steps of the teardown read it here. */
export interface TeardownChoices {
  /** Also what controllers and people of the cluster made; without it Terraform's own resources only. */
  readonly cleanup: boolean;
  /** The Terraform root `foundation` stays: Elastic IPs, data bucket, certificate. */
  readonly keepFoundation: boolean;
  /** Data goes too: objects in buckets, Retain volumes, snapshots. */
  readonly deleteData: boolean;
  /** The Kubernetes API is left out: by tags only. */
  readonly awsOnly: boolean;
  /** Finalizers whose controller is gone are taken off. */
  readonly forceFinalizers: boolean;
  /** What is saved before anything is destroyed; `volumes` are snapshots of volumes beside the one of etcd. */
  readonly backup: 'none' | 'etcd' | 'volumes';
  /** It is the first half of a rebuild: the cluster id is kept. */
  readonly rebuild: boolean;
}

/** What a person said to a command of day two; the steps of that command read it here, and no other step does. */
export interface DayTwoChoices {
  /** The one node that is made bare. */
  readonly reset?: {
    readonly node: string;
    /** Where the machines of the platform are, and who they are for Kubernetes. */
    readonly hosts: Readonly<Record<string, { readonly address: string; readonly providerId: string }>>;
    /** Milliseconds until its pods must have left. */
    readonly drainWithin: number;
    /** Pods that nothing makes anew may go too. */
    readonly deleteBarePods: boolean;
  };
  /** The snapshot that is brought back. */
  readonly restore?: {
    /** The control plane that gets it, and where it is reached. */
    readonly node: string;
    readonly address: string;
    /** Every control plane that runs: each is stopped. */
    readonly controlPlanes: readonly string[];
    readonly name: string;
    readonly bucket: string;
    readonly key: string;
    readonly clusterId: string;
    /** '' where nobody recorded it. */
    readonly sha256: string;
    /** Word of the canary that was written before it; '' where there was none. */
    readonly canary: string;
    /** UID of kube-system that must be found again. */
    readonly uid: string;
  };
}

export interface PlatformConfig {
  readonly name: string;
  readonly environment: string;
  readonly target: 'aws' | 'sandbox';
  readonly protected: boolean;
  /** Set by `destroy` and `rebuild` only. */
  readonly teardown?: TeardownChoices;
  /** Set by `node reset` and `restore` only. */
  readonly dayTwo?: DayTwoChoices;
  readonly region: string;
  /** Absent: no DNS, no certificate. */
  readonly domain?: string;
  /** Minor version, '1.36'. */
  readonly kubernetes: string;
  readonly network: {
    readonly vpc: string;
    readonly pods: string;
    readonly services: string;
    readonly cni: 'calico' | 'flannel';
  };
  readonly access: {
    readonly sshUser: string;
    /** Path of the private key, ~ expanded. */
    readonly sshKey: string;
    readonly allow: readonly string[];
    /** How kubectl and Helm reach the API: the endpoint in the certificate, or an SSH tunnel. */
    readonly api: 'direct' | 'tunnel';
  };
  readonly nodes: Readonly<Record<string, NodeConfig>>;
  readonly addons: readonly Addon[];
  /** `key` is the state of a user's own tree in a bucket that has one already. */
  readonly state: { readonly kind: 's3'; readonly bucket?: string; readonly key?: string } | { readonly kind: 'local' };
  /** Bring your own tree: `dir` replaces both roots by one; the maps go from our names to theirs. */
  readonly terraform: {
    readonly dir?: string;
    readonly vars: Readonly<Record<string, string>>;
    readonly outputs: Readonly<Record<string, string>>;
  };
  readonly ansible: {
    readonly dir?: string;
    /** Step -> playbook file, or `site` for one that serves every step. */
    readonly playbooks: Readonly<Record<string, string>>;
    /** Our group -> theirs; a node's name -> its group, in place of `control_plane` or `workers`. */
    readonly groups: Readonly<Record<string, string>>;
  };
  /** Where a tool is when it is not on PATH under its own name. */
  readonly tools: Readonly<Partial<Record<'terraform' | 'ansible-playbook' | 'helm' | 'ssh' | 'python', string>>>;
  readonly mirrors: {
    readonly charts?: string;
    readonly manifests?: string;
    readonly apt?: string;
    readonly registries: Readonly<Record<string, string>>;
  };
  readonly backups: { readonly schedule: string; readonly retentionDays: number };
  readonly sandbox: {
    readonly machines: 'simulated' | 'hosts';
    /** Seconds that a simulated state change takes. */
    readonly delay: number;
  };
  readonly versions: Versions;
  /** Facts of the sandbox's hosts as variables of the roles; never of a file. */
  readonly hostVariables?: Readonly<Record<string, unknown>>;
  /** SHA-256 of the trees that run on machines: a changed role runs its step again. */
  readonly digests: { readonly ansible: string };
  /** Folder of the installed program: ansible/, terraform/ and templates/ are below it. */
  readonly program: string;
  /** Folder of platform.yaml; every relative path is below it. */
  readonly root: string;
  /** `.platform/ENV` below the root. */
  readonly stateFolder: string;
}
