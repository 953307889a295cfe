import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

/** Starts, stops or describes the stand-ins of an environment whose target is the sandbox. */
export async function sandbox(
  host: Host,
  options: CommonOptions & { readonly verb: 'up' | 'down' | 'status' },
): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  if (config.target !== 'sandbox') {
    throw new PlatformError('USAGE', {
      message: `environment ${config.environment} is built on AWS`,
      next: ['name an environment with target: sandbox'],
    });
  }
  const { startSandbox, stopSandbox, sandboxStatus } = await import('../sandbox/sandbox.ts');
  const folder = `${config.stateFolder}/sandbox`;
  const say = (text: string): void => host.stderr.write(`${text}\n`);
  switch (options.verb) {
    case 'up': {
      const state = await startSandbox({
        config,
        folder,
        program: host.program,
        node: host.node,
        environment: host.environment,
        home: host.home,
        say,
      });
      if (options.json === true) host.stdout.write(`${JSON.stringify(state)}\n`);
      return 0;
    }
    case 'down':
      await stopSandbox({ folder, say });
      return 0;
    case 'status': {
      const status = await sandboxStatus(folder);
      if (options.json === true) host.stdout.write(`${JSON.stringify({ schema: 'platform/sandbox/v1', ...status })}\n`);
      else
        for (const part of status.parts)
          say(
            `${part.name.padEnd(24)} ${part.alive ? 'runs' : 'does not run'}${part.detail === undefined ? '' : `  ${part.detail}`}`,
          );
      return status.parts.length > 0 && status.parts.every(({ alive }) => alive) ? 0 : 11;
    }
  }
}
