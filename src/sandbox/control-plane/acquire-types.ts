import type { Clock, Processes } from '../../tools/ports.ts';
import type { ProcessTable } from '../../tools/ports-engine.ts';
import type { ProgramPaths } from './programs.ts';

/** The files that acquiring touches; `tools/program-folder.ts` is the real one. */
export interface BinaryFiles {
  readText(path: string): Promise<string>;
  /** Whether it is a file that may be executed. */
  isProgram(path: string): Promise<boolean>;
  /** Makes an empty folder with a name of its own, beginning with `prefix`, beside where the finished one will be. */
  makeTemporary(parent: string, prefix: string): Promise<string>;
  /** Names of the folders in a folder; none when it is not there. */
  list(folder: string): Promise<readonly string[]>;
  writeProgram(path: string, content: Uint8Array): Promise<void>;
  /** Renames a finished folder into place. When one is there already, that one stays and this one is removed. */
  publish(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** Where the official releases are; replaced by a loopback server in tests. No slash at the end. */
export interface ReleaseSites {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly kwok: string;
  /** GitHub's API for kwok's releases: it publishes the SHA-256 of every asset, kwok itself publishes none. */
  readonly kwokDigests: string;
}

export const officialSites: ReleaseSites = {
  kubernetes: 'https://dl.k8s.io/release',
  etcd: 'https://github.com/etcd-io/etcd/releases/download',
  kwok: 'https://github.com/kubernetes-sigs/kwok/releases/download',
  kwokDigests: 'https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags',
};

export interface AcquireWorld {
  readonly processes: Processes;
  /** Who we are, and who else lives. */
  readonly table: ProcessTable;
  readonly files: BinaryFiles;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

export interface AcquireRequest {
  /** `${XDG_CACHE_HOME:-~/.cache}/platform/control-plane` */
  readonly cache: string;
  /** The folder `sandbox/control-plane` of this package: go.mod, go.sum, main.go, build.json. */
  readonly source: string;
  /** The folder that the user names in PLATFORM_CONTROL_PLANE. */
  readonly folder?: string;
  /** Why the official releases must not be asked ("CI is set"); absent: they may. */
  readonly noDownload?: string;
  readonly sites: ReleaseSites;
  /** As Node names them: 'linux', 'x64'. */
  readonly platform: string;
  readonly architecture: string;
  /** The environment that Go and tar get: PATH, HOME, and what the user set for Go. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Progress for people: one line each. */
  note(text: string): void;
}

/** The programs, and where they came from. */
export interface AcquiredPrograms {
  readonly programs: ProgramPaths;
  readonly from: 'cache' | 'folder' | 'download' | 'build';
  readonly because: string;
}

/** What one way of acquiring answers: the programs, or why this way is closed. */
export type Attempt = { readonly programs: ProgramPaths; readonly because: string } | { readonly closed: string };
