/**
 * The outside world as the rest of the program sees it. This file imports no package; each port has one adapter beside it
 * (or a folder of its own), and the adapter is the only importer of its package. A `…Reader` never changes anything;
 * the writer of the same thing extends it. Durations are milliseconds, sizes bytes.
 */
import type { KubernetesObject } from './ports-cluster.ts';

export type * from './ports-aws.ts';
export type * from './ports-cluster.ts';
export type * from './ports-estate.ts';
export type * from './ports-registries.ts';
export type * from './ports-terraform.ts';
export type * from './ports-workplace.ts';
export type * from './ports-world.ts';

/** A value that must not be seen: prints as dots everywhere, is not Json, and is opened by name only. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '••••••';
  }
  toJSON(): never {
    throw new TypeError('a secret cannot be written as JSON');
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '••••••';
  }
}

export interface Clock {
  /** Wall clock, milliseconds since 1970: for people and logs only. */
  now(): number;
  /** Never goes back: for durations and deadlines. */
  monotonic(): number;
  /** Resolves after `duration`, or at once when the signal is aborted; never rejects. */
  sleep(duration: number, signal?: AbortSignal): Promise<void>;
}

export interface Randomness {
  /** Uniform in [0, 1). */
  next(): number;
}

/** A tool to start. Nothing goes through a shell. */
export interface Command {
  /** 'terraform', 'ansible-playbook' ...: for events, log names and errors. */
  readonly tool: string;
  /** argv[0] is the program, as a path or a name on PATH. Never a secret. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child: nothing is inherited but what is listed here. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Values to black out in output and log. */
  readonly secrets?: readonly Secret[];
  readonly signal?: AbortSignal;
  /** Of reading calls: ended also when we are killed, for what would go on for ever (a tunnel). Takes no input. */
  readonly endsWithUs?: boolean;
  /** Each complete line of stdout and stderr, redacted, in order of arrival. */
  onLine?(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface Exit {
  /** null when a signal ended it, or when the exit code could not be known. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The last 200 lines, redacted. */
  readonly tail: readonly string[];
  readonly stdout: string;
  /** Path of the whole log; '' where none is kept (reading calls). */
  readonly log: string;
}

/** Starts programs. A missing program is TOOL_MISSING; a non-zero exit is a value, not an error. */
export interface Processes {
  run(command: Command): Promise<Exit>;
}

export interface TextFiles {
  /** undefined when the file does not exist. */
  read(path: string): Promise<string | undefined>;
  list(folder: string): Promise<readonly string[]>;
}

export interface WritableTextFiles extends TextFiles {
  /** Whole or not at all: temporary file, fsync, rename, fsync of the folder. */
  write(path: string, text: string, mode?: number): Promise<void>;
  remove(path: string): Promise<void>;
}

// ---------------------------------------------------------------- Ansible

export interface Play {
  readonly playbook: string;
  /** Paths of derived files; see steps. */
  readonly inventory: string;
  readonly variables: string;
  readonly limit?: string;
  /** One playbook that does the work of every step, not only of the one that runs it. */
  readonly serves?: 'all';
}

export interface PlaybookInspection {
  readonly plays: readonly {
    readonly name: string;
    readonly hosts: readonly string[];
    readonly tasks: readonly string[];
  }[];
  readonly undefinedVariables: readonly {
    readonly file: string;
    readonly line: number;
    readonly task: string;
    readonly variable: string;
  }[];
}

export interface AnsibleReader {
  /** Syntax, hosts, tasks and undefined variables; touches no host. Syntax errors are CONTRACT_BROKEN with file and line. */
  inspect(play: Play, signal: AbortSignal): Promise<PlaybookInspection>;
}

export interface HostSummary {
  readonly ok: number;
  readonly changed: number;
  readonly failures: number;
  readonly unreachable: number;
  readonly skipped: number;
}

export interface AnsibleWriter extends AnsibleReader {
  /** Runs the playbook; the first failing task and host are in the error's facts. */
  play(
    play: Play,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<Readonly<Record<string, HostSummary>>>;
}

// ---------------------------------------------------------------- Helm

export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** Repository URL as pinned; a mirror replaces it where configured. */
  readonly repository: string;
  readonly chart: string;
  readonly version: string;
  /** The whole values, rendered. */
  readonly values: string;
}

export type ReleaseState =
  | { readonly is: 'absent' }
  | { readonly is: 'current' }
  | { readonly is: 'differs'; readonly because: string }
  | { readonly is: 'pending'; readonly status: string }
  | { readonly is: 'failed'; readonly because: string };

/** A release as the cluster records it. */
export interface InstalledRelease {
  readonly name: string;
  readonly namespace: string;
  /** NAME-VERSION, as Helm prints it. */
  readonly chart: string;
  /** 'deployed', 'failed', 'pending-install', 'uninstalling' ... */
  readonly status: string;
}

export interface HelmReader {
  /** Every release of every namespace, whatever its status. */
  releases(signal: AbortSignal): Promise<readonly InstalledRelease[]>;
  /** Compares chart version, values and every live object without a write (dry-run apply as manager helm). */
  compare(release: Release, signal: AbortSignal): Promise<ReleaseState>;
  /** Renders the chart: proves that it resolves and accepts the values. */
  template(release: Release, signal: AbortSignal): Promise<string>;
}

export interface HelmWriter extends HelmReader {
  upgrade(
    release: Release,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<{ readonly revision: number }>;
  /** pending-install: uninstalled; pending-upgrade, pending-rollback: that one release Secret removed or rolled back. Says what it did. */
  settle(release: Release, scope: { signal: AbortSignal; note(text: string): void }): Promise<string | undefined>;
  /** Without hooks, history dropped, also from a pending or failed state; fine when it is not there. */
  uninstall(
    release: Pick<InstalledRelease, 'name' | 'namespace'>,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<void>;
}

// ---------------------------------------------------------------- SSH, network, templates, ledger

export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly user: string;
  readonly key: string;
}

export interface SshReader {
  /** Opens and closes a TCP connection; the reason when it cannot. */
  reach(host: string, port: number, signal: AbortSignal): Promise<{ readonly open: boolean; readonly because: string }>;
  /** Runs a reading command with the pinned host key; a changed or unknown key is IDENTITY_MISMATCH, no connection is UNREACHABLE. */
  run(machine: Machine, argv: readonly string[], signal: AbortSignal): Promise<Exit>;
  /** Pinned keys of the host, from our known_hosts file. */
  pinned(address: string): Promise<readonly string[]>;
}

export interface SshWriter extends SshReader {
  /** Replaces the pinned keys of an address; keys as `type base64`. */
  pin(address: string, keys: readonly string[]): Promise<void>;
  /** Reads a file as root over SSH, never logged. */
  readSecretFile(machine: Machine, path: string, signal: AbortSignal): Promise<Secret>;
}

export interface Network {
  /** Asks the given servers ('' = the system's) directly, so that a cached NXDOMAIN does not matter. */
  resolve(name: string, servers: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** The name servers that the internet is told for a domain; [] when there are none. */
  nameServers(domain: string, signal: AbortSignal): Promise<readonly string[]>;
  /** One HTTP(S) request, following up to `redirects` redirects; the certificate is not judged unless asked. */
  request(
    url: string,
    options: { readonly servers: readonly string[]; readonly redirects: number; readonly signal: AbortSignal },
  ): Promise<{ readonly status: number; readonly url: string; readonly body: string }>;
}

/** Files below templates/, filled. An unknown placeholder or an unused value is TEMPLATE_INVALID with file and line. */
export interface Templates {
  text(file: string, values: Placeholders): Promise<string>;
  objects(file: string, values: Placeholders): Promise<readonly KubernetesObject[]>;
  /** The objects of a text that is complete; `name` is what a problem calls it. */
  parse(text: string, name: string): readonly KubernetesObject[];
}

export type Placeholders = Readonly<Record<string, string | number | boolean>>;

/** Pinned files from the internet or a mirror, checked against their SHA-256 and kept in a cache. */
export interface Downloads {
  objects(
    pins: readonly { readonly url: string; readonly sha256: string }[],
    signal: AbortSignal,
  ): Promise<readonly KubernetesObject[]>;
}

/** A thing that this environment made or found through its own objects, with facts that a later namesake cannot have. */
export interface LedgerEntry {
  readonly kind: string;
  readonly id: string;
  readonly name?: string;
  /** RoleId, KeyPairId, creation time, owner record ... */
  readonly unique: Readonly<Record<string, string>>;
  readonly step: string;
}

export interface LedgerReader {
  entries(): Promise<readonly LedgerEntry[]>;
}

export interface LedgerWriter extends LedgerReader {
  /** On disk before it returns; the same entry twice is one. */
  record(entries: readonly LedgerEntry[]): Promise<void>;
  /** Drops entries of what is gone for good; the ledger as it was is kept beside it. Tells the path of that copy. */
  retire(entries: readonly LedgerEntry[]): Promise<string | undefined>;
  /** Copies ledger, cluster id and known hosts beside the Terraform state. */
  mirror(): Promise<void>;
}
