import { PlatformError } from '../../errors.ts';
import type { BinaryFiles } from '../control-plane/acquire-types.ts';
import type { Clock, Exit, Processes } from '../../tools/ports.ts';
import type { ProcessTable } from '../../tools/ports-engine.ts';

/** What making the supply touches. */
export interface SupplyWorld {
  readonly processes: Processes;
  /** Who we are, and who else lives. */
  readonly table: ProcessTable;
  readonly files: BinaryFiles;
  readonly clock: Clock;
}

export interface SupplyRequest {
  /** Folder that holds everything that was made, and nothing else. */
  readonly cache: string;
  /** Folder of the installed program. */
  readonly program: string;
  /** "1.36.3" */
  readonly kubernetes: string;
  /** As Node names it: 'x64', 'arm64'. */
  readonly machine: string;
  /** The whole environment of Go, apt and gpg. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Progress for people: one line each. */
  note(text: string): void;
}

/** Runs one tool; SANDBOX_FAILED with its last words when it does not end with 0. */
export async function runTool(
  world: SupplyWorld,
  request: SupplyRequest,
  command: {
    readonly argv: readonly string[];
    /** When it is not the first word. */
    readonly tool?: string;
    readonly cwd: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly what: string;
    readonly next: string;
    onLine?(line: string): void;
  },
): Promise<Exit> {
  const tool = command.tool ?? command.argv[0] ?? '';
  const exit = await world.processes.run({
    tool,
    argv: command.argv,
    cwd: command.cwd,
    env: { ...request.environment, ...command.environment },
    signal: request.signal,
    ...(command.onLine === undefined ? {} : { onLine: command.onLine }),
  });
  if (exit.code === 0) return exit;
  const how = exit.code === null ? `ended by ${exit.signal ?? 'an unknown cause'}` : `exit code ${exit.code}`;
  throw new PlatformError('SANDBOX_FAILED', {
    message: `${command.what} could not be made: ${tool}: ${how}: ${exit.tail.slice(-3).join(' / ')}`,
    class: 'transient',
    next: [command.next, 'run the same command again: what is made stays made'],
    facts: { tool },
  });
}
