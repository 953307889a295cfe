import type { Host } from '../host.ts';
import type { Environment } from './environment.ts';

/** Does the work under the environment's lock, which is given back whatever happens. LOCKED when somebody else holds it. */
export async function underLock<Result>(
  host: Host,
  { clock, config, host: facts, locks, processes }: Environment,
  verb: string,
  work: (run: string) => Promise<Result>,
): Promise<Result> {
  const { acquireLock } = await import('../engine/lock.ts');
  const run = `${verb}-${new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}`;
  const holder = { ...facts, environment: config.environment, run, verb, created: clock.now() };
  const lock = await acquireLock({ folder: locks, processes }, holder);
  try {
    if (lock.tookOver !== undefined)
      host.stderr.write(`took over the lock of run ${lock.tookOver.run}: its process ${lock.tookOver.pid} is dead\n`);
    return await work(run);
  } finally {
    await lock.release();
  }
}
