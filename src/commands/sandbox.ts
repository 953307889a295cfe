import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { TaskList } from '../ui/task-list.ts';
import { abortOnSignal } from './abort-on-signal.ts';
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
  const { verb } = options;
  const folder = `${config.stateFolder}/sandbox`;
  const [{ startSandbox, stopSandbox, sandboxStatus, phases }, { openTaskList }, { systemClock }] = await Promise.all([
    import('../sandbox/sandbox.ts'),
    import('../ui/open-task-list.ts'),
    import('../tools/clock.ts'),
  ]);
  if (verb === 'status') return showStatus(host, await sandboxStatus(folder), options);
  const list = await openTaskList(host, systemClock, options, phases[verb]);
  const phase = follower(list);
  try {
    if (verb === 'down') {
      await stopSandbox({ folder, say: phase.say });
    } else {
      const signal = abortOnSignal(host);
      const { program, node, environment, home } = host;
      const start = { config, folder, program, node, environment, home, say: phase.say, signal };
      const state = await startSandbox(start).catch((problem: unknown) => {
        if (!signal.aborted) throw problem;
        throw new PlatformError('INTERRUPTED', {
          message: 'the sandbox was not started; what had begun was ended',
          next: ['type the same command again'],
        });
      });
      if (options.json === true) {
        // The path of the control API is a secret: it stays in the file that only its owner reads.
        const { controlApi: _, ...shown } = state;
        host.stdout.write(`${JSON.stringify({ schema: 'platform/sandbox/v1', ...shown })}\n`);
      }
    }
    phase.end();
    return 0;
  } finally {
    await list.close();
  }
}

/** One phase after the other: what is said about the next ends the one before. */
function follower(list: TaskList): { say(text: string, phase: string): void; end(): void } {
  let current: string | undefined;
  const end = (): void => {
    if (current !== undefined) list.ended(current);
    current = undefined;
  };
  return {
    say(text, phase) {
      if (phase !== current) end();
      current = phase;
      list.said(phase, text);
    },
    end,
  };
}

type Status = Awaited<ReturnType<typeof import('../sandbox/sandbox.ts')['sandboxStatus']>>;

function showStatus(host: Host, status: Status, options: CommonOptions): number {
  if (options.json === true) host.stdout.write(`${JSON.stringify({ schema: 'platform/sandbox/v1', ...status })}\n`);
  else
    for (const { name, alive, detail } of status.parts)
      host.stderr.write(
        `${name.padEnd(24)} ${alive ? 'runs' : 'does not run'}${detail === undefined ? '' : `  ${detail}`}\n`,
      );
  return status.parts.length > 0 && status.parts.every(({ alive }) => alive) ? 0 : 11;
}
