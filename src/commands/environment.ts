import type { PlatformConfig } from '../config/config.ts';
import type { Contexts } from '../engine/contexts.ts';
import type { DurableEvent, ShownEvent } from '../engine/events.ts';
import type { Clock, Processes, Randomness, WritableTextFiles, WriteWorld } from '../tools/ports.ts';
import type { HostFacts, JournalFolder, LineFile, LockFolder, ProcessTable } from '../tools/ports-engine.ts';
import type { Launcher } from '../tools/ports-launcher.ts';
import type { ToolPrograms } from '../world/programs.ts';

/** One environment with its adapters wired: what main.ts builds and commands use. */
export interface Environment {
  readonly config: PlatformConfig;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly files: WritableTextFiles;
  readonly processes: ProcessTable;
  readonly host: HostFacts;
  readonly journals: JournalFolder;
  readonly ledger: LineFile;
  readonly locks: LockFolder;
  readonly launcher: Launcher;
  readonly contexts: Contexts;
  /** Programs of the tools, and reading processes: for doctor. */
  readonly programs: ToolPrograms;
  readonly read: Processes;
  /** A world to look at, outside any step. */
  look(signal: AbortSignal): WriteWorld;
  /** Must see every event: the identity of the cluster is learned from the step that makes it. */
  observe(event: DurableEvent | ShownEvent): void;
  /** Identity of the far side where it can lose its memory (sandbox); undefined otherwise. */
  readonly farSide?: string;
  close(): Promise<void>;
}
