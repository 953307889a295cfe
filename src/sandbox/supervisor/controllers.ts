import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../tools/clock.ts';
import type { RunningProgram } from '../control-plane/programs.ts';
import type { SandboxSettings } from '../settings.ts';
import { logFile } from '../state.ts';
import type { Children } from './children.ts';

/** A cluster that they act in. */
export interface ClusterToServe {
  readonly kubeconfig: string;
}

/** Told of each cluster that comes or goes; `faults.json` in the sandbox's folder makes controllers slow, failing or dead. */
export interface Controllers {
  follow(cluster: ClusterToServe | undefined): Promise<void>;
}

const pauseAfterCrash = 1_000;

/** The stand-in controllers: one process, which lives as long as the cluster does, and is started again when it crashes. */
export function openControllers(
  settings: SandboxSettings,
  children: Children,
  options: {
    readonly endpoint: string;
    /** With hosts: how to start a program beside them, and its address there. */
    readonly inside?: { readonly argv: readonly string[]; readonly address: string };
    say(text: string): void;
  },
): Controllers {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`../controllers/main.${extension}`, import.meta.url));
  let running: RunningProgram | undefined;
  let wanted: ClusterToServe | undefined;

  const start = async (cluster: ClusterToServe): Promise<void> => {
    const program = await children.start({
      name: 'controllers',
      argv: [...(options.inside?.argv ?? []), settings.node, '--no-warnings', entry],
      env: {
        PATH: settings.environment['PATH'] ?? '',
        HOME: join(settings.folder, 'cluster', 'home'),
        PLATFORM_SANDBOX_KUBECONFIG: cluster.kubeconfig,
        PLATFORM_SANDBOX_AWS_ENDPOINT: options.endpoint,
        ...(options.inside === undefined ? {} : { PLATFORM_SANDBOX_ADDRESS: options.inside.address }),
        PLATFORM_SANDBOX_REGION: settings.region,
        PLATFORM_SANDBOX_FAULTS: join(settings.folder, 'faults.json'),
      },
      log: logFile(settings.folder, 'controllers'),
    });
    running = program;
    void program.ended.then(async (how) => {
      if (wanted !== cluster) return;
      options.say(`controllers ended: ${how}; started again`);
      await systemClock.sleep(pauseAfterCrash);
      if (wanted === cluster) await start(cluster);
    });
  };

  return {
    async follow(cluster) {
      wanted = cluster;
      if (running !== undefined) await children.stopProgram(running.pid, 'SIGTERM');
      running = undefined;
      if (cluster !== undefined) await start(cluster);
    },
  };
}
