import type { StepContext } from '../steps/kit.ts';
import type { Environment } from './environment.ts';

/** A world to change outside any run: for a command whose whole work is a few calls. `note` says what is being done. */
export function actingIn(environment: Environment, signal: AbortSignal, note: (text: string) => void): StepContext {
  const scope = { run: '', step: '', key: '', attempt: 0, signal, note, audit: async () => undefined };
  const world = environment.contexts.write(scope, environment.read);
  return { ...world, config: environment.config } as StepContext;
}
