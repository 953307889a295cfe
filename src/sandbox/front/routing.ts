import type { KubernetesObject } from '../../tools/ports.ts';

/** What came to a listener of a load balancer. */
export interface Arrival {
  readonly port: number;
  readonly host: string;
  readonly path: string;
}

export type Route =
  | {
      readonly to: 'service';
      readonly namespace: string;
      readonly service: string;
      readonly port: ServicePort;
    }
  | { readonly to: 'redirect'; readonly port: number }
  | { readonly to: 'nowhere' };

/** A port of a Service, by number or by name. */
export interface ServicePort {
  readonly number?: number;
  readonly name?: string;
}

interface Path {
  readonly path?: string;
  readonly pathType?: string;
  readonly backend?: { readonly service?: { readonly name: string; readonly port?: ServicePort } };
}

interface Rule {
  readonly host?: string;
  readonly http?: { readonly paths?: readonly Path[] };
}

const annotation = 'alb.ingress.kubernetes.io';

/**
 * The rule that the AWS Load Balancer Controller's listeners would apply: only Ingresses of class alb that have their
 * load balancer, only on the ports that they list, the exact host before the wildcard, the longest path first.
 */
export function routeOf(ingresses: readonly KubernetesObject[], arrival: Arrival): Route {
  const found = ingresses
    .filter((ingress) => classOf(ingress) === 'alb' && hostnamesOf(ingress).length > 0)
    .flatMap((ingress) => {
      const listener = listenersOf(ingress).find(({ port }) => port === arrival.port);
      return listener === undefined ? [] : matches(ingress, arrival).map((match) => ({ ...match, listener, ingress }));
    })
    .sort((a, b) => b.weight - a.weight)[0];
  if (found === undefined) return { to: 'nowhere' };
  const redirect = found.ingress.metadata.annotations?.[`${annotation}/ssl-redirect`];
  if (redirect !== undefined && found.listener.protocol === 'HTTP') return { to: 'redirect', port: Number(redirect) };
  const { service, port } = found;
  return { to: 'service', namespace: found.ingress.metadata.namespace ?? 'default', service, port };
}

function matches(
  ingress: KubernetesObject,
  { host, path }: Arrival,
): readonly { readonly service: string; readonly port: ServicePort; readonly weight: number }[] {
  const rules = (ingress['spec'] as { readonly rules?: readonly Rule[] } | undefined)?.rules ?? [];
  return rules.flatMap((rule) => {
    const byHost = hostWeight(rule.host, host, hostnamesOf(ingress));
    if (byHost === undefined) return [];
    return (rule.http?.paths ?? []).flatMap((one) => {
      const service = one.backend?.service;
      return service !== undefined && fits(one, path)
        ? [{ service: service.name, port: service.port ?? {}, weight: byHost * 10_000 + (one.path ?? '').length }]
        : [];
    });
  });
}

/** A rule without a host answers for the load balancer's own name, and for every other. */
function hostWeight(wanted: string | undefined, host: string, own: readonly string[]): number | undefined {
  if (wanted === undefined || wanted === '') return own.includes(host) ? 1 : 0;
  if (wanted === host) return 3;
  return wanted.startsWith('*.') && host.endsWith(wanted.slice(1)) ? 2 : undefined;
}

function fits({ path = '/', pathType }: Path, asked: string): boolean {
  if (pathType === 'Exact') return asked === path;
  const prefix = path.replace(/\/?\*?$/, '');
  return prefix === '' || asked === prefix || asked.startsWith(`${prefix}/`);
}

function classOf(ingress: KubernetesObject): string | undefined {
  return (ingress['spec'] as { readonly ingressClassName?: string } | undefined)?.ingressClassName;
}

function hostnamesOf(ingress: KubernetesObject): readonly string[] {
  const status = ingress['status'] as
    | { readonly loadBalancer?: { readonly ingress?: readonly { hostname?: string }[] } }
    | undefined;
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ hostname }) =>
    hostname === undefined ? [] : [hostname.toLowerCase()],
  );
}

/** `[{"HTTP": 80}, {"HTTPS": 443}]`; without it port 80, or 443 when there is a certificate (the controller's documentation). */
function listenersOf(ingress: KubernetesObject): readonly { readonly protocol: string; readonly port: number }[] {
  const text = ingress.metadata.annotations?.[`${annotation}/listen-ports`];
  if (text === undefined)
    return ingress.metadata.annotations?.[`${annotation}/certificate-arn`] === undefined
      ? [{ protocol: 'HTTP', port: 80 }]
      : [{ protocol: 'HTTPS', port: 443 }];
  return (JSON.parse(text) as readonly Readonly<Record<string, number>>[]).flatMap((one) =>
    Object.entries(one).map(([protocol, port]) => ({ protocol, port })),
  );
}
