import { join } from 'node:path';
import type { PlatformConfig } from '../config/config.ts';
import { PlatformError } from '../errors.ts';
import type { LaunchedCommand } from '../launcher/client.ts';
import { firstControlPlane } from '../steps/names.ts';
import type { Clock, Processes, WritableTextFiles } from '../tools/ports.ts';
import {
  freePort,
  openTunnel,
  type Tunnel,
  tunnelArguments,
  type TunnelOptions,
  tunnelWithin,
} from '../tools/tunnel.ts';

interface ApiTunnelOptions {
  readonly config: PlatformConfig;
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly read: Processes;
  readonly files: WritableTextFiles;
  readonly clock: Clock;
  /** Where the rewritten kubeconfig goes. */
  readonly folder: string;
}

/**
 * `access.api: tunnel`: the API server is reached at its private address through SSH. The certificate names 127.0.0.1,
 * so nothing about TLS is relaxed. Our own requests share one tunnel that ends with us; a tool that changes something
 * gets one of its own from the launcher, since it may outlive us.
 */
export interface ApiTunnel {
  /** A kubeconfig like the given one, at the near end of our tunnel. */
  kubeconfig(text: string): Promise<string>;
  /** Processes whose tools speak to the API through a tunnel of their own. */
  around(processes: Processes): Processes;
  close(): void;
}

export function openApiTunnel(options: ApiTunnelOptions): ApiTunnel {
  const { config, files, folder } = options;
  let own: Promise<Tunnel> | undefined;
  return {
    async kubeconfig(text) {
      own ??= ends(options, text).then((to) => openTunnel({ ...options, ...to, processes: options.read }));
      const { port } = await own.catch((error: unknown) => {
        own = undefined;
        throw error;
      });
      const path = join(folder, 'kubeconfig.tunnel');
      await files.write(path, text.replace(serverLine, `$1https://127.0.0.1:${port}`), 0o600);
      return path;
    },
    around: (processes) => ({
      run: async (command) => {
        const text = await files.read(join(config.stateFolder, 'kubeconfig'));
        if (text === undefined) return processes.run(command);
        const port = await freePort();
        const through: LaunchedCommand = {
          ...command,
          argv: [...command.argv, '--kube-apiserver', `https://127.0.0.1:${port}`],
          companion: {
            argv: tunnelArguments(await ends(options, text), port),
            env: options.environment,
            port,
            within: tunnelWithin,
          },
        };
        return processes.run(through);
      },
    }),
    close: () => void own?.then((tunnel) => tunnel.close()).catch(() => undefined),
  };
}

const serverLine = /(^\s*server:\s*)https:\/\/([^:\s/]+):(\d+)/m;

/** From the machine that the inventory names to the address that the kubeconfig names. */
async function ends({ config, files, program }: ApiTunnelOptions, kubeconfig: string): Promise<TunnelOptions> {
  const server = serverLine.exec(kubeconfig);
  const name = firstControlPlane(config);
  const inventory = (await files.read(join(config.stateFolder, 'inventory.yml'))) ?? '';
  const address = new RegExp(`"${name}":\\s*\\{\\s*"ansible_host":\\s*"([^"]+)"`).exec(inventory)?.[1];
  if (server === null || address === undefined) {
    throw new PlatformError('UNREACHABLE', {
      message: `nothing says where ${name} is: there is no inventory yet`,
      next: ['platform up derives it'],
    });
  }
  const { sshUser: user, sshKey: key } = config.access;
  const target = { host: server[2] ?? '', port: Number(server[3]) };
  return {
    program,
    knownHosts: join(config.stateFolder, 'known_hosts'),
    machine: { name, address, user, key },
    target,
  };
}
