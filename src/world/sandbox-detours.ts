import type { SandboxState } from '../sandbox/state.ts';
import { createNetwork } from '../tools/network.ts';
import type { Network, SshWriter } from '../tools/ports.ts';

/** Addresses of the sandbox are documentation ranges that lead nowhere: whether a port answers is asked of the sandbox. */
export function throughSandbox(ssh: SshWriter, { controlApi }: SandboxState): SshWriter {
  return {
    ...ssh,
    reach: async (host, port, signal) => {
      const response = await fetch(`${controlApi}/machines/reach?address=${encodeURIComponent(host)}&port=${port}`, {
        signal,
      });
      return (await response.json()) as { open: boolean; because: string };
    },
  };
}

/** Every name server is the sandbox's, and the ports of load balancers are where the sandbox listens. */
export function sandboxNetwork({ dns, connectTo }: SandboxState): Network {
  const network = createNetwork({
    connectTo: Object.fromEntries(Object.entries(connectTo).map(([port, to]) => [Number(port), to.port])),
  });
  return {
    resolve: (name, _servers, signal) => network.resolve(name, [dns], signal),
    nameServers: async () => [dns],
    request: (url, options) => network.request(url, { ...options, servers: [dns] }),
  };
}
