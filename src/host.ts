import type { OpenOptions } from './world/open.ts';
import type { Environment } from './commands/environment.ts';
import type { PlatformConfig } from './config/config.ts';

/** The process that we are, as a value: main.ts makes it, nothing else reads process.*. */
export interface Host {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly home: string;
  /** Folder of the installed program: package.json, ansible/, terraform/, templates/. */
  readonly program: string;
  readonly version: string;
  /** The Node.js that runs us. */
  readonly node: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: { readonly isTTY: boolean };
  /** What questions are asked on: stdin and stderr, as the streams that they are. */
  readonly terminal: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };
  /** Ctrl-C and TERM as they come; a hangup is swallowed and the run goes on. */
  /** Wires the adapters of one environment; loads nothing before it is called. */
  open(config: PlatformConfig, options?: OpenOptions): Promise<Environment>;
  signals(): AsyncIterable<'SIGINT' | 'SIGTERM'>;
}

export interface Output {
  readonly isTTY: boolean;
  /** 0 when unknown. */
  readonly columns: number;
  /** Height of a terminal; 0 or absent when unknown. */
  readonly rows?: number;
  write(text: string): void;
}
