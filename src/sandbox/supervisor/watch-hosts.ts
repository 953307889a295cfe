import { fileURLToPath } from 'node:url';
import { systemClock } from '../../tools/clock.ts';
import { openHostNetwork } from '../hosts/open-hosts.ts';
import type { HostNetwork, Hosts } from '../hosts/open-hosts.ts';
import type { SandboxSettings } from '../settings.ts';
import type { Children } from './children.ts';
import type { Controllers } from './controllers.ts';
import { readFarSide } from './far-side.ts';

/** The network that real hosts live in; undefined when the machines are simulated. */
export async function openMachinesNetwork(
  settings: SandboxSettings,
  children: Children,
  say: (text: string) => void,
): Promise<HostNetwork | undefined> {
  const { hosts, folder, program, node, owner, environment } = settings;
  if (hosts === undefined) return undefined;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = (path: string): string => fileURLToPath(new URL(`../${path}/main.${extension}`, import.meta.url));
  return openHostNetwork({
    sandbox: folder,
    program,
    node,
    services: entry('hosts/services'),
    balancer: entry('hosts/balancer'),
    names: namesOfZones(settings),
    environment: hosts.caches === undefined ? environment : { ...environment, XDG_CACHE_HOME: hosts.caches },
    children,
    say,
    image: hosts.image,
    user: hosts.user,
    allow: hosts.allow,
    ...(hosts.caches === undefined ? {} : { supply: entry('supply') }),
    ...(owner === undefined ? {} : { owner }),
  });
}

/** Names that a load balancer of the sandbox answers for. */
export const namesOfZones = ({ zones }: SandboxSettings): readonly string[] =>
  zones.flatMap((zone) => [zone, `*.${zone}`]);

const every = 300;

/** Follows AWS until the signal: hosts boot, stop and vanish with their instances, and the stand-in controllers act in their cluster. */
export async function watchHosts(
  hosts: Hosts,
  endpoint: string,
  { signal, say, controllers }: { readonly signal: AbortSignal; say(text: string): void; controllers: Controllers },
): Promise<void> {
  let last = '';
  let followed: string | undefined;
  while (!signal.aborted) {
    try {
      const { records, loadBalancers } = await readFarSide(endpoint);
      await hosts.follow({ records, loadBalancers });
      const kubeconfig = hosts.cluster();
      if (kubeconfig !== followed) await controllers.follow(kubeconfig === undefined ? undefined : { kubeconfig });
      followed = kubeconfig;
      last = '';
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      // What fails again and again is said once.
      if (because !== last && !signal.aborted) say(`hosts: ${because}`);
      last = because;
    }
    await systemClock.sleep(every, signal);
  }
}
