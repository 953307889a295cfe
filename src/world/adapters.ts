import { join } from 'node:path';
import type { PlatformConfig } from '../config/config.ts';
import type { Host } from '../host.ts';
import type { SandboxState } from '../sandbox/state.ts';
import { createAnsible } from '../tools/ansible.ts';
import { openAws } from '../tools/aws/aws.ts';
import { openEstate } from '../tools/aws/estate/estate.ts';
import { systemClock } from '../tools/clock.ts';
import { createDownloads } from '../tools/downloads.ts';
import { textFiles } from '../tools/files.ts';
import { createHelm } from '../tools/helm.ts';
import { createNetwork } from '../tools/network.ts';
import type { Processes, WriteWorld } from '../tools/ports.ts';
import type { HostFacts, JournalFolder, ProcessTable } from '../tools/ports-engine.ts';
import { createRegistries } from '../tools/registries.ts';
import { createSsh } from '../tools/ssh.ts';
import { templatesIn } from '../tools/templates.ts';
import { createWorkplace } from '../tools/workplace.ts';
import { createTerraform, type TerraformLock } from '../tools/terraform.ts';
import type { Clusters } from './clusters.ts';
import { ownDeadAttempt } from './own-attempt.ts';
import type { ToolPrograms } from './programs.ts';
import { sandboxNetwork, throughSandbox } from './sandbox-detours.ts';

interface AdapterOptions {
  readonly host: Host;
  readonly config: PlatformConfig;
  readonly sandbox: SandboxState | undefined;
  readonly programs: ToolPrograms;
  readonly environment: Readonly<Record<string, string>>;
  readonly read: Processes;
  /** Starts what changes something. */
  readonly writing: Processes;
  /** Wraps what starts tools that speak to the API server, where that needs a tunnel. */
  readonly throughTunnel: (processes: Processes) => Processes;
  /** Working files of the tools. */
  readonly folder: string;
  readonly clusters: Clusters;
  readonly journals: JournalFolder;
  readonly processes: ProcessTable;
  readonly facts: HostFacts;
}

/** One adapter for each tool and service; nothing is started or sent yet. */
export function openAdapters(options: AdapterOptions): Omit<WriteWorld, 'ledger' | 'random' | 'files' | 'cluster'> {
  const { host, config, sandbox, programs, environment, read, writing, folder } = options;
  const account = { region: config.region, ...(sandbox === undefined ? {} : { endpoint: sandbox.endpoint }) };
  const aws = openAws(account);
  const knownHosts = join(config.stateFolder, 'known_hosts');
  const ssh = createSsh({ read, files: textFiles, knownHosts, program: programs.ssh, environment });
  return {
    clock: systemClock,
    aws,
    estate: openEstate(account),
    terraform: createTerraform({
      processes: writing,
      read,
      program: programs.terraform,
      folder,
      localState: config.stateFolder,
      environment,
      files: textFiles,
      clock: systemClock,
      readObject: (bucket, key) => aws.object(bucket, key),
      readLock: async (root) => {
        const text =
          root.backend === undefined ? undefined : await aws.object(root.backend.bucket, `${root.backend.key}.tflock`);
        return text === undefined ? undefined : (JSON.parse(text) as TerraformLock);
      },
      ownDeadAttempt: ownDeadAttempt(options.journals, options.processes, options.facts),
    }),
    ansible: createAnsible({
      processes: writing,
      read,
      program: programs.ansiblePlaybook,
      python: programs.python,
      folder,
      inspector: join(config.program, 'ansible', 'checks', 'undefined_variables.py'),
      callbackPlugins: join(config.program, 'ansible', 'callback_plugins'),
      knownHosts,
      environment,
      files: textFiles,
    }),
    helm: createHelm({
      processes: options.throughTunnel(writing),
      read,
      program: programs.helm,
      folder,
      kubeconfig: join(config.stateFolder, 'kubeconfig'),
      cluster: () => options.clusters.open(),
      environment,
      files: textFiles,
      ...(config.mirrors.charts === undefined ? {} : { mirror: config.mirrors.charts }),
    }),
    // Real hosts are reached as every machine is.
    ssh: sandbox === undefined || sandbox.hosts !== undefined ? ssh : throughSandbox(ssh, sandbox),
    network: sandbox === undefined ? createNetwork() : sandboxNetwork(sandbox),
    workplace: createWorkplace({
      read,
      programs,
      environment,
      inherited: host.environment,
      cache: join(host.environment['XDG_CACHE_HOME'] || join(host.home, '.cache'), 'platform', 'checks'),
      clock: systemClock,
      folder: config.root,
    }),
    templates: templatesIn(join(config.program, 'templates'), textFiles),
    registries: createRegistries({ mirrors: config.mirrors.registries }),
    downloads: createDownloads({
      files: textFiles,
      folder: join(folder, 'downloads'),
      ...(config.mirrors.manifests === undefined ? {} : { mirror: config.mirrors.manifests }),
    }),
  };
}
