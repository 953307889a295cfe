/** Facts about a folder of this machine. */
export interface FolderFacts {
  /** Whether a file can be made in it; for a folder that is not there, in the nearest one above. */
  readonly writable: boolean;
  readonly freeBytes: number;
  /** 'nfs', 'smb' ... where renames and locks cannot be relied on; undefined for a local disk or where it is not known. */
  readonly network?: string;
}

/** What a private key is, as far as it concerns who may log in with it. */
export interface KeyFacts {
  /** `TYPE BASE64`. */
  readonly publicKey: string;
  /** As EC2 shows it for an imported key; `made` for an RSA key that EC2 made. */
  readonly fingerprints: { readonly imported: string; readonly made?: string };
}

/** Who runs the tools: the machine that platform itself is on. Looks only; `remember` writes to the user's cache alone. */
export interface Workplace {
  /** Version of a tool, as it prints it; undefined where it prints none. TOOL_MISSING when it is not there. */
  version(tool: 'terraform' | 'ansible' | 'helm' | 'ssh' | 'python', signal: AbortSignal): Promise<string | undefined>;
  /** Path, size and time of each tool's program: another text when one of them was replaced. */
  programs(): Promise<string>;
  folder(path: string): Promise<FolderFacts>;
  /** KEY_UNREADABLE, with the reason and what to do. */
  key(path: string): Promise<KeyFacts>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Variables of our environment that send AWS calls elsewhere, or change who we are: name and value. */
  overrides(): readonly { readonly name: string; readonly value: string }[];
  /** IPv4 addresses of this machine that the internet can see; [] behind a router. */
  publicAddresses(): readonly string[];
  /** Whether `remember` was called with this digest before, on this machine. */
  held(digest: string): Promise<boolean>;
  /** Best effort: a cache that cannot be written costs time, not correctness. */
  remember(digest: string): Promise<void>;
  /** SHA-256 over the names and contents of all files below a folder. */
  digest(folder: string): Promise<string>;
  /** Lays files into a new temporary folder for as long as `work` goes on. */
  withFiles<Result>(
    files: Readonly<Record<string, string>>,
    work: (folder: string) => Promise<Result>,
  ): Promise<Result>;
}
