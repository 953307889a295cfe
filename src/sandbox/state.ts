/** What a running sandbox tells the rest of the program: everything that differs from AWS, and nothing else does. */
export interface SandboxState {
  readonly version: 1;
  /** `.platform/ENV/sandbox`. */
  readonly folder: string;
  readonly supervisor: RecordedProcess;
  readonly region: string;
  /** AWS stand-in: http://127.0.0.1:PORT. Its id changes when it lost its memory. */
  readonly endpoint: string;
  readonly serverId: string;
  /** DNS server that stands for every authoritative one: 127.0.0.1:PORT. */
  readonly dns: string;
  /** With hosts: what is particular to machines that share a kernel, as variables of the roles. Absent: simulated machines. */
  readonly hosts?: { readonly variables: Readonly<Record<string, unknown>> };
  /** Where connections to a port of a load balancer really go. */
  readonly connectTo: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  /** Values for `mirrors`. */
  readonly mirrors: {
    readonly charts: string;
    readonly manifests: string;
    /** With hosts: an apt repository, and by registry where its images are. */
    readonly apt?: string;
    readonly registries?: Readonly<Record<string, string>>;
  };
  /** Loopback API that the shims and `reach` speak to. Carries a secret word in its path, hence the file's mode 0600. */
  readonly controlApi: string;
  /** Programs that stand for, or are, the tools. */
  readonly tools: Readonly<Record<'ssh' | 'ansible-playbook' | 'helm' | 'kubectl' | 'python', string>>;
  /** A Terraform CLI configuration that knows a provider mirror; absent: the registry is used. */
  readonly terraformConfiguration?: string;
  /** The private key that the machines let in; its public half is beside it, with `.pub`. */
  readonly sshKey: string;
}

/** A pid alone names nobody for long: with its start time it does. */
export interface RecordedProcess {
  readonly pid: number;
  readonly startTime: string;
}

/** Files of a sandbox's folder that more than one program must know. */
export const stateFile = (folder: string): string => `${folder}/state.json`;
export const settingsFile = (folder: string): string => `${folder}/settings.json`;
export const childrenFile = (folder: string): string => `${folder}/children.json`;
export const logFile = (folder: string, name: string): string => `${folder}/logs/${name}.log`;
