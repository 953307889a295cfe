import type { Processes } from '../tools/ports.ts';
import type { Launcher } from '../tools/ports-launcher.ts';
import type { Contexts } from './contexts.ts';
import type { DurableEvent } from './events.ts';
import type { StepScope, WriteScope } from './types.ts';

interface Attempting {
  readonly contexts: Contexts;
  readonly launcher: Launcher;
  record(event: DurableEvent): Promise<void>;
}

/** The world that one attempt of a step may change: its tools and its deeds are on disk before they begin. */
export function writeContext(
  { contexts, launcher, record }: Attempting,
  scope: StepScope,
  around = (processes: Processes): Processes => processes,
): never {
  const { run, step, attempt } = scope;
  const spawned: Parameters<Launcher['processesFor']>[0]['spawned'] = (process) =>
    record({ type: 'step.spawned', step, attempt, process });
  const writing: WriteScope = {
    ...scope,
    audit: (entry) => record({ type: 'step.audit', step, attempt, ...entry }),
  };
  return contexts.write(writing, around(launcher.processesFor({ run, step, attempt, spawned }))) as never;
}
