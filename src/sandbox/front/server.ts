import type { KubernetesObject } from '../../tools/ports.ts';
import type { RunningCluster } from '../cluster/far-cluster.ts';
import { issue, makeAuthority } from '../control-plane/certificates.ts';
import { listen } from '../http.ts';
import type { Asked, Listener, Reply } from '../http.ts';
import { routeOf } from './routing.ts';
import type { Route } from './routing.ts';

/** Ports of load balancers that are answered, with where they really are. */
export interface Front {
  readonly connectTo: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  close(): Promise<void>;
}

/** What a load balancer asks of the cluster behind it. */
export type ClusterBehind = Pick<RunningCluster, 'list'>;

export type ServiceRoute = Extract<Route, { readonly to: 'service' }>;

export interface FrontOptions {
  readonly names: readonly string[];
  readonly now: number;
  /** Where it listens, on the load balancer's own ports; absent: on free ones of loopback. */
  readonly host?: string;
  /** Asks a real service; absent: an answer is made up when it has an endpoint. */
  pass?(cluster: ClusterBehind, route: ServiceRoute, asked: Asked): Promise<Reply>;
}

const day = 86_400_000;
export const listeners = [
  { port: 80, secure: false },
  { port: 443, secure: true },
  { port: 8080, secure: false },
] as const;

/** Stands for every load balancer: what a client would get, by the Ingresses and the endpoints of the cluster. */
export async function startFront(current: () => ClusterBehind | undefined, options: FrontOptions): Promise<Front> {
  const tls = certificate(options.names, options.now);
  const open: (readonly [number, Listener])[] = [];
  for (const { port, secure } of listeners)
    open.push([
      port,
      await listen((asked) => answer(current(), port, asked, options), {
        ...(options.host === undefined ? {} : { host: options.host, port }),
        ...(secure ? { tls } : {}),
      }),
    ]);
  return {
    connectTo: Object.fromEntries(
      open.map(([port, listener]) => [String(port), { host: options.host ?? '127.0.0.1', port: listener.port }]),
    ),
    close: async () => {
      await Promise.all(open.map(([, listener]) => listener.close()));
    },
  };
}

function certificate(names: readonly string[], now: number): { readonly key: string; readonly certificate: string } {
  const validity = { from: now - day, until: now + 365 * day };
  const authority = { ...makeAuthority('platform sandbox front', validity), commonName: 'platform sandbox front' };
  return issue(authority, { commonName: names[0] ?? 'localhost', names: ['localhost', ...names] }, validity);
}

async function answer(
  cluster: ClusterBehind | undefined,
  port: number,
  asked: Asked,
  { pass }: FrontOptions,
): Promise<Reply> {
  if (cluster === undefined) return text(503, 'no cluster runs');
  const host = (asked.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const route = routeOf(await cluster.list('/apis/networking.k8s.io/v1/ingresses'), {
    port,
    host,
    path: asked.url.pathname,
  });
  if (route.to === 'nowhere') return text(404, 'no rule of an Ingress fits');
  if (route.to === 'redirect') {
    const target = `https://${host}${route.port === 443 ? '' : `:${route.port}`}${asked.url.pathname}${asked.url.search}`;
    return { ...text(301, 'moved'), headers: { location: target } };
  }
  const slices = await cluster.list(
    `/apis/discovery.k8s.io/v1/namespaces/${route.namespace}/endpointslices?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${route.service}`)}`,
  );
  if (!hasReadyEndpoint(slices)) return text(503, `no endpoint of ${route.namespace}/${route.service} is ready`);
  return pass === undefined ? text(200, `simulated: ${route.namespace}/${route.service}`) : pass(cluster, route, asked);
}

function hasReadyEndpoint(slices: readonly KubernetesObject[]): boolean {
  return slices.some((slice) =>
    ((slice['endpoints'] ?? []) as readonly { readonly conditions?: { readonly ready?: boolean } }[]).some(
      ({ conditions }) => conditions?.ready === true,
    ),
  );
}

const text = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
