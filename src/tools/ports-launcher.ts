import type { SpawnedProcess } from '../engine/events.ts';
import type { Exit, Processes } from './ports.ts';

export type PoliteSignal = 'SIGINT' | 'SIGTERM' | 'SIGKILL';

export interface LaunchedTool {
  readonly process: SpawnedProcess;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  /** Absent while it lives. */
  readonly exit?: { readonly code: number | null; readonly signal: string | null };
}

/**
 * The small process that starts the tools of an environment and outlives us. The client starts it when needed and
 * connects to the one that is there otherwise.
 */
export interface Launcher {
  /** Tools of this run that live, or have ended with nobody there to hear it. Starts no launcher. */
  list(run: string): Promise<readonly LaunchedTool[]>;
  /** Waits for a tool that an earlier CLI started; its exit code is exact while the launcher lived, null otherwise. */
  adopt(tool: LaunchedTool, signal: AbortSignal): Promise<Exit>;
  /** Sends one signal to the tool itself (SIGKILL: to its whole session). */
  signal(step: string, signal: PoliteSignal): Promise<void>;
  /** Starts tools for one attempt; `spawned` is on disk before the tool may work. */
  processesFor(attempt: {
    run: string;
    step: string;
    attempt: number;
    spawned(process: SpawnedProcess): Promise<void>;
  }): Processes;
  /** Lets go of the connection; the launcher ends when its last child has. */
  close(): Promise<void>;
}
