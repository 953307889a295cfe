import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programFolders } from '../../tools/program-folder.ts';
import type { RunningCluster } from '../cluster/far-cluster.ts';
import type { RunningProgram } from '../control-plane/programs.ts';
import type { SandboxSettings } from '../settings.ts';
import { logFile } from '../state.ts';
import type { Children } from './children.ts';

/** The stand-in controllers: one process, which lives as long as the cluster does. */
export function openControllers(
  settings: SandboxSettings,
  children: Children,
  endpoint: string,
): { follow(cluster: RunningCluster | undefined): Promise<void> } {
  let running: RunningProgram | undefined;
  const entry = fileURLToPath(new URL(`../controllers/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));
  return {
    async follow(cluster) {
      if (running !== undefined) await children.stopProgram(running.pid, 'SIGTERM');
      running = undefined;
      if (cluster === undefined || (await programFolders.readText(entry).catch(() => undefined)) === undefined) return;
      running = await children.start({
        name: 'controllers',
        argv: [settings.node, '--no-warnings', entry],
        env: {
          PATH: settings.environment['PATH'] ?? '',
          HOME: join(settings.folder, 'cluster', 'home'),
          PLATFORM_SANDBOX_KUBECONFIG: cluster.kubeconfig,
          PLATFORM_SANDBOX_AWS_ENDPOINT: endpoint,
          PLATFORM_SANDBOX_REGION: settings.region,
          PLATFORM_SANDBOX_FAULTS: join(settings.folder, 'faults.json'),
        },
        log: logFile(settings.folder, 'controllers'),
      });
    },
  };
}
