import type { SpawnedProcess } from '../engine/events.ts';

/** Changes whenever a message changes its meaning; both sides say theirs first. */
export const protocolVersion = 1;

/** A program that a tool needs beside it (an SSH tunnel): started before the tool works, ended after it. */
export interface CompanionRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The loopback port that accepts connections once the companion is ready. */
  readonly port: number;
  /** Milliseconds until it must be ready. */
  readonly within: number;
}

/** A tool to be held: started, but kept from working until `go`. */
export interface StartRequest {
  readonly do: 'start';
  /** Chosen by the client; comes back in `held` or `refused`. */
  readonly request: number;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly tool: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Values to black out. They cross the socket only: never an argument, never a file. */
  readonly secrets: readonly string[];
  readonly companion?: CompanionRequest;
}

/** `tool` is RUN/ID everywhere: ids are unique within a run only. */
export type Request =
  | StartRequest
  | { readonly do: 'go'; readonly tool: string }
  | { readonly do: 'abandon'; readonly tool: string }
  | { readonly do: 'follow'; readonly tool: string; readonly request: number }
  | { readonly do: 'signal'; readonly tool: string; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' }
  | { readonly do: 'living'; readonly request: number };

export type RefusalReason = 'program-missing' | 'folder-missing' | 'disk-full' | 'not-started';

export interface ToolEnding {
  readonly code: number | null;
  readonly signal: string | null;
  readonly tail: readonly string[];
  /** Why the tool never worked, where it did not: its companion failed, or nobody said go. */
  readonly never?: string;
}

export type Reply =
  | { readonly is: 'hello'; readonly protocol: number; readonly pid: number }
  | { readonly is: 'held'; readonly request: number; readonly tool: string; readonly process: SpawnedProcess }
  | { readonly is: 'refused'; readonly request: number; readonly reason: RefusalReason; readonly message: string }
  | { readonly is: 'line'; readonly tool: string; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly is: 'ended'; readonly tool: string; readonly ending: ToolEnding }
  /** The answer to `follow`: whether this launcher knows the tool. */
  | { readonly is: 'following'; readonly request: number; readonly known: boolean }
  | { readonly is: 'living'; readonly request: number; readonly tools: readonly string[] };

/** One message a line. */
export function encode(message: Request | Reply): string {
  return `${JSON.stringify(message)}\n`;
}

/** Splits what arrives into messages; throws on what is not JSON, since then the other side is not ours. */
export function createDecoder(receive: (message: unknown) => void): (piece: string) => void {
  let held = '';
  return (piece) => {
    held += piece;
    const lines = held.split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) receive(JSON.parse(line));
  };
}
