import { PlatformError } from '../errors.ts';
import { firstControlPlane } from '../steps/names.ts';
import type { Environment } from './environment.ts';
import type { Recorded } from './recorded.ts';

/** Where a person reaches the API server. */
export interface Endpoint {
  readonly server: string;
  /** Base64 of PEM, as a kubeconfig has it. */
  readonly authority: string;
  /** The command that must stay open, where there is no other way. */
  readonly tunnel?: string;
}

/**
 * The address that our own kubeconfig has where the API is reached directly; else the public address of the first control plane if its port answers
 * (the server's certificate names it); else the near end of a tunnel.
 */
export async function endpointFor(
  { config, files, programs, look }: Environment,
  { inventory }: Recorded,
  localPort: number,
  signal: AbortSignal,
): Promise<Endpoint> {
  const [{ endpointOf }, { tunnelArguments }, { shellLine }] = await Promise.all([
    import('../tools/kubeconfig-file.ts'),
    import('../tools/tunnel.ts'),
    import('../tools/ssh-login.ts'),
  ]);
  const path = `${config.stateFolder}/kubeconfig`;
  const text = await files.read(path);
  if (text === undefined)
    throw new PlatformError('NEEDS_NOT_MET', {
      message: 'there is no kubeconfig of this cluster here, with which a certificate could be asked for',
      next: [`platform up --env ${config.environment} fetches it`],
    });
  const { server, authority } = endpointOf(text, path);
  if (config.access.api === 'direct') return { server, authority };
  const name = firstControlPlane(config);
  const host = inventory.hosts[name];
  const { hostname, port } = new URL(server);
  const address = host?.address ?? hostname;
  if ((await look(signal).ssh.reach(address, Number(port), signal)).open)
    return { server: `https://${address}:${port}`, authority };
  const { sshUser: user, sshKey: key } = config.access;
  const tunnel = tunnelArguments(
    {
      program: programs.ssh,
      knownHosts: `${config.stateFolder}/known_hosts`,
      machine: { name, address, user, key },
      target: { host: hostname, port: Number(port) },
    },
    localPort,
  );
  return { server: `https://127.0.0.1:${localPort}`, authority, tunnel: shellLine(tunnel) };
}
