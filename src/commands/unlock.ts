import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

interface UnlockOptions extends CommonOptions {
  readonly run?: string;
}

/** Breaks the lock of an environment. Without --run it only tells who holds it; a living holder needs --yes as well. */
export async function unlock(host: Host, options: UnlockOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const environment = await host.open(config);
  try {
    const { breakLock, inspectLock } = await import('../engine/lock.ts');
    const port = { folder: environment.locks, processes: environment.processes };
    const held = await inspectLock(port, environment.host);
    if (held === undefined) {
      host.stderr.write(`nobody holds the lock of ${config.environment}\n`);
      return 0;
    }
    const { holder, life } = held;
    const who = `run ${holder.run} (${holder.verb}) by ${holder.user} on ${holder.host}, process ${holder.pid}, since ${new Date(holder.created).toISOString()}`;
    if (options.run === undefined) {
      host.stderr.write(
        `${who}; that process is ${life === 'unknown' ? 'elsewhere: nobody here can tell whether it lives' : life}\n`,
      );
      throw new PlatformError('NEEDS_YES', {
        message: 'the run that holds the lock must be named',
        next: [`platform unlock --env ${config.environment} --run ${holder.run}`],
      });
    }
    if (life === 'alive' && options.yes !== true) {
      throw new PlatformError('LOCKED', {
        message: `${who}; it is alive`,
        next: [
          'press Ctrl-C where it runs: it ends cleanly',
          `if it hangs for good: platform unlock --env ${config.environment} --run ${holder.run} --yes`,
        ],
      });
    }
    await breakLock(port, options.run);
    host.stderr.write(`broke the lock of ${who}\n`);
    return 0;
  } finally {
    await environment.close();
  }
}
