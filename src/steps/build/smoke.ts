import type { ProbeResult } from '../../engine/types.ts';
import { minutes, seconds } from '../durations.ts';
import { type PlatformProbe, type ReadContext, stepWhen } from '../kit.ts';
import { hasIngress, publicHosts } from '../names.ts';
import { sharedHostname } from '../probes/load-balancer.ts';
import { dns } from './dns.ts';
import { ingress } from './ingress.ts';

const usersGetIn: PlatformProbe<unknown> = {
  name: 'users get in',
  every: seconds(10),
  within: minutes(10),
  noProgressFor: minutes(8),
  test: (ctx) => tryAll(ctx),
};

/** What a user does: resolve the name at the zone's own servers, follow redirects, get an answer below 400 (catalogue F5-F10). */
export const smoke = stepWhen({
  id: 'smoke',
  title: 'Smoke test',
  needs: { ingress, dns },
  when: hasIngress,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(1),
  inputs: (config) => ({ hosts: [...publicHosts(config)] }),
  check: async (ctx) => {
    const result = await tryAll(ctx);
    if (result.is === 'ready')
      return {
        state: 'satisfied',
        output: { hosts: [...publicHosts(ctx.config)] },
        because: result.because ?? 'users get in',
      };
    return { state: 'needed', because: result.because };
  },
  apply: (ctx) => Promise.resolve({ hosts: [...publicHosts(ctx.config)] }),
  ready: [usersGetIn],
});

async function tryAll(ctx: ReadContext): Promise<ProbeResult> {
  const shared = await sharedHostname(ctx, await ctx.cluster());
  if ('because' in shared) return { is: 'waiting', because: shared.because };
  const answers: string[] = [];
  for (const [url, host] of targets(ctx, shared.hostname)) {
    const servers = (host === undefined ? undefined : await ctx.aws.zone(ctx.config.domain ?? ''))?.nameServers ?? [];
    if (host !== undefined) {
      const [addresses, allowed] = await Promise.all([
        ctx.network.resolve(host, servers, ctx.signal),
        ctx.network.resolve(shared.hostname, [], ctx.signal),
      ]);
      if (addresses.length === 0)
        return { is: 'waiting', because: `${host} does not resolve at ${servers[0] ?? 'its zone'}` };
      const stray = addresses.find((address) => !allowed.includes(address));
      if (stray !== undefined)
        return { is: 'waiting', because: `${host} leads to ${stray}, which is not the load balancer` };
    }
    const { status, url: last } = await ctx.network.request(url, { servers, redirects: 5, signal: ctx.signal });
    if (status >= 400) return { is: 'waiting', because: `${last} answers ${status}` };
    answers.push(`${url} ${status}`);
  }
  return { is: 'ready', because: answers.join(', ') };
}

/** With a domain every public host; without one the load balancer itself, on the port of each Ingress. */
function targets(ctx: ReadContext, hostname: string): readonly (readonly [url: string, host: string | undefined])[] {
  const hosts = publicHosts(ctx.config);
  if (hosts.length > 0) return hosts.map((host) => [`https://${host}/`, host] as const);
  return [
    ...(ctx.config.addons.includes('argocd') ? [[`http://${hostname}/`, undefined] as const] : []),
    ...(ctx.config.addons.includes('monitoring') ? [[`http://${hostname}:8080/`, undefined] as const] : []),
  ];
}
