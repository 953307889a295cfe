import { hostname, tmpdir, userInfo } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import type { Environment } from '../commands/environment.ts';
import type { PlatformConfig } from '../config/config.ts';
import type { Contexts } from '../engine/contexts.ts';
import { openLedger } from '../engine/ledger.ts';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { createLauncher } from '../launcher/client.ts';
import { readSandbox } from '../sandbox/read.ts';
import type { SandboxState } from '../sandbox/state.ts';
import { systemClock } from '../tools/clock.ts';
import { lockFolder, textFiles } from '../tools/files.ts';
import { journalFolder, lineFile } from '../tools/line-files.ts';
import type { Processes } from '../tools/ports.ts';
import { createReadingProcesses } from '../tools/process.ts';
import { systemProcessTable } from '../tools/process-table.ts';
import { readOnly } from '../tools/read-only.ts';
import { openAdapters } from './adapters.ts';
import { openApiTunnel } from './api-tunnel.ts';
import { openClusters } from './clusters.ts';
import { childEnvironmentOf } from './child-environment.ts';
import { mirrorLedger } from './mirror.ts';
import { programsOf } from './programs.ts';
import { withSandbox } from './sandbox-overlay.ts';

export interface OpenOptions {
  /** Working files go to a temporary folder that `close` removes: for commands that must leave nothing behind. */
  readonly ephemeral?: boolean;
  /** Only what lies in the state folder is wanted: the sandbox need not run. */
  readonly offline?: boolean;
}

/** Wires the adapters of one environment. SANDBOX_NOT_RUNNING when its far side is the sandbox and that is not there. */
export async function openEnvironment(
  host: Host,
  configured: PlatformConfig,
  { ephemeral = false, offline = false }: OpenOptions = {},
): Promise<Environment> {
  const sandbox = configured.target === 'sandbox' && !offline ? await runningSandbox(configured) : undefined;
  const config = sandbox === undefined ? configured : withSandbox(configured, sandbox);
  const scratch = ephemeral ? await mkdtemp(`${tmpdir()}/platform-`) : config.stateFolder;
  const processes = systemProcessTable(process.pid, process.platform);
  const programs = programsOf(config, sandbox);
  const environment = childEnvironmentOf(host, config, sandbox);
  const read = createReadingProcesses();
  const facts = { ...(await processes.facts()), host: hostname(), user: userInfo().username };
  const random = { next: () => randomInt(2 ** 32) / 2 ** 32 };
  const tunnel =
    config.access.api === 'tunnel'
      ? openApiTunnel({
          config,
          program: programs.ssh,
          environment,
          read,
          files: textFiles,
          clock: systemClock,
          folder: scratch,
        })
      : undefined;
  const clusters = openClusters({
    config,
    clock: systemClock,
    version: host.version,
    files: textFiles,
    ...(tunnel === undefined ? {} : { tunnel }),
  });
  const ledgerFile = lineFile(`${config.stateFolder}/ledger.ndjson`);
  const journals = journalFolder(`${config.stateFolder}/journal`);
  const launcher = createLauncher({
    stateFolder: config.stateFolder,
    entry: `${host.program}/dist/launcher/main.js`,
    node: host.node,
    env: environment,
    clock: systemClock,
  });

  const adapters = (writing: Processes, folder: string) =>
    openAdapters({
      host,
      config,
      sandbox,
      programs,
      environment,
      read,
      writing,
      throughTunnel: tunnel?.around ?? ((processes) => processes),
      folder,
      clusters,
      journals,
      processes,
      facts,
    });
  const ledger = openLedger(ledgerFile, () => mirrorLedger(config, adapters(read, scratch).aws, textFiles, ledgerFile));
  const world = (writing: Processes, folder: string) => ({
    ...adapters(writing, folder),
    ledger,
    random,
    files: textFiles,
    cluster: () => clusters.open(),
    config,
  });
  const looking = readOnly(world(read, scratch));

  const contexts: Contexts = {
    read: (scope) => ({ ...looking, ...scope }),
    write: (scope, writing) => ({ ...world(writing, config.stateFolder), ...scope }),
  };
  return {
    config,
    clock: systemClock,
    random,
    files: textFiles,
    processes,
    host: facts,
    journals,
    ledger: ledgerFile,
    locks: lockFolder(config.stateFolder),
    launcher,
    contexts,
    programs,
    read,
    look: () => looking,
    observe: clusters.observe,
    ...(sandbox === undefined ? {} : { farSide: sandbox.serverId }),
    close: async () => {
      clusters.close();
      await launcher.close();
      if (ephemeral) await rm(scratch, { recursive: true, force: true });
    },
  };
}

async function runningSandbox(config: PlatformConfig): Promise<SandboxState> {
  const state = await readSandbox(`${config.stateFolder}/sandbox`);
  if (state !== undefined) return state;
  throw new PlatformError('SANDBOX_NOT_RUNNING', {
    message: `environment ${config.environment} is a sandbox, and it does not run`,
    next: [`platform sandbox up --env ${config.environment}`],
  });
}
