/** What the engine needs from the outside beside the clock and the launcher: a folder of journals, a lock, facts about processes. */

/** A file that only grows. Errors are the system's own, with their `code` ('ENOSPC', 'EIO'): the engine gives them a name. */
export interface AppendFile {
  /** One write of whole lines. */
  append(text: string): Promise<void>;
  /** fdatasync: what was appended survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** One file of lines: the ledger, or the journal of one run. */
export interface LineFile {
  readonly path: string;
  /** '' when it does not exist. */
  read(): Promise<string>;
  /** Makes the file and its folder when missing, and syncs the folder. */
  open(): Promise<AppendFile>;
  /** Cuts the file to its first `length` bytes, and syncs. */
  truncate(length: number): Promise<void>;
  /** Puts a copy beside the file and tells its path. */
  keepCopy(): Promise<string>;
  /** Whole or not at all. */
  replace(text: string): Promise<void>;
}

/** The journals of one environment. */
export interface JournalFolder {
  /** Run ids, in the order of their names. */
  runs(): Promise<readonly string[]>;
  file(run: string): LineFile;
}

/** A folder for lock files. Each call is atomic: nobody ever sees half a file. */
export interface LockFolder {
  /** false when the file is there already. */
  create(name: string, text: string): Promise<boolean>;
  read(name: string): Promise<string | undefined>;
  replace(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Who we are, in words that a later process can check. */
export interface HostFacts {
  readonly pid: number;
  readonly startTime: string;
  /** Changes with every boot; '' where the system tells none. */
  readonly bootId: string;
  /** Two processes with different ones cannot see each other's pids; '' where there are none. */
  readonly pidNamespace: string;
  readonly host: string;
  readonly user: string;
}

export interface ProcessTable {
  /** Start time of a live process as the kernel tells it; undefined when there is no such process (a zombie is none). */
  startTimeOf(pid: number): Promise<string | undefined>;
  facts(): Promise<HostFacts>;
}
