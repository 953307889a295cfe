import type { KubernetesObject } from '../../../tools/ports.ts';
import { pairsOf } from '../shared/controller.ts';
import { fieldOf, listOf, textOf } from '../shared/fields.ts';
import { annotation, keyOf, servicePort } from './ingress-groups.ts';
import type { IngressGroup, Member } from './ingress-groups.ts';
import { balancerName, managedGroupName, targetGroupName } from './names.ts';
import type { Action, Listener, Rule, Settings, Stack, TargetGroup } from './stack.ts';

/** What an Ingress says cannot be built; the real controller reports it as FailedBuildModel. */
export class ModelError extends Error {}

/** What a group of Ingresses wants: one load balancer, and a listener for each port that a member lists. */
export function ingressStack(
  settings: Settings,
  { group, active }: IngressGroup,
  services: readonly KubernetesObject[],
): Stack {
  const scheme =
    agreed(active, 'scheme', (member) => ofClass(member, 'scheme') ?? annotation(member.ingress, 'scheme')) ??
    'internal';
  if (scheme !== 'internal' && scheme !== 'internet-facing') throw new ModelError(`unknown scheme: ${scheme}`);
  const targetGroups = new Map<string, TargetGroup>();
  const listeners = new Map<number, Listener>();
  const cidrs = new Set<string>();
  for (const member of active) {
    for (const cidr of inboundOf(member)) cidrs.add(cidr);
    const rules = rulesOf(settings, group.id, member, services, targetGroups);
    for (const [protocol, port] of portsOf(member)) {
      const before = listeners.get(port);
      const redirect = annotation(member.ingress, 'ssl-redirect');
      const redirects = protocol === 'HTTP' && redirect !== undefined;
      if (before !== undefined && before.protocol !== protocol)
        throw new ModelError(`conflicting protocol on port ${port}`);
      const policy = textOf(member.parameters, 'sslPolicy') ?? annotation(member.ingress, 'ssl-policy');
      listeners.set(port, {
        port,
        protocol,
        certificates: [
          ...new Set([...(before?.certificates ?? []), ...(protocol === 'HTTPS' ? certificatesOf(member) : [])]),
        ],
        ...(protocol === 'HTTPS' ? { policy: policy ?? before?.policy ?? 'ELBSecurityPolicy-2016-08' } : {}),
        fallback: redirects ? { to: 'port', port: redirect } : (before?.fallback ?? { to: 'not-found' }),
        rules: redirects ? (before?.rules ?? []) : [...(before?.rules ?? []), ...rules],
      });
    }
  }
  const subnets = agreed(active, 'subnets', ({ ingress }) => annotation(ingress, 'subnets'))
    ?.split(',')
    .map((one) => one.trim());
  return {
    family: 'ingress.k8s.aws',
    id: group.id,
    balancer: {
      name:
        agreed(active, 'load balancer name', ({ ingress }) => annotation(ingress, 'load-balancer-name')) ??
        balancerName(settings.cluster, group, scheme),
      type: 'application',
      scheme,
      attributes: Object.assign(
        {},
        ...active.map(({ ingress }) => pairsOf(annotation(ingress, 'load-balancer-attributes'))),
      ) as Record<string, string>,
      ...(subnets === undefined ? {} : { subnets }),
    },
    entrance: {
      name: managedGroupName(settings.cluster, group),
      ports: [...listeners.keys()].sort((a, b) => a - b),
      cidrs: [...cidrs],
    },
    targetGroups: [...targetGroups.values()],
    listeners: [...listeners.values()],
    tags: Object.assign({}, ...active.map(({ ingress }) => pairsOf(annotation(ingress, 'tags')))) as Record<
      string,
      string
    >,
  };
}

const ofClass = (member: Member, name: string): string | undefined => textOf(member.parameters, name);

/** A value that all members that say anything must agree about. */
function agreed(
  members: readonly Member[],
  what: string,
  read: (member: Member) => string | undefined,
): string | undefined {
  const values = [...new Set(members.map(read).filter((value) => value !== undefined))];
  if (values.length > 1) throw new ModelError(`conflicting ${what}: ${values.join(' | ')}`);
  return values[0];
}

function inboundOf({ ingress, parameters }: Member): readonly string[] {
  const ofParameters = listOf(parameters, 'inboundCIDRs').map(String);
  if (ofParameters.length > 0) return ofParameters;
  return (annotation(ingress, 'inbound-cidrs') ?? '0.0.0.0/0').split(',').map((one) => one.trim());
}

function certificatesOf({ ingress, parameters }: Member): readonly string[] {
  const ofParameters = listOf(parameters, 'certificateArn').map(String);
  if (ofParameters.length > 0) return ofParameters;
  const found = (annotation(ingress, 'certificate-arn') ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (found.length === 0) throw new ModelError(`no certificate found for ${keyOf(ingress)}`);
  return found;
}

function portsOf({ ingress, parameters }: Member): readonly (readonly [protocol: string, port: number])[] {
  const text = annotation(ingress, 'listen-ports');
  if (text === undefined) {
    const secure =
      annotation(ingress, 'certificate-arn') !== undefined || listOf(parameters, 'certificateArn').length > 0;
    return secure ? [['HTTPS', 443]] : [['HTTP', 80]];
  }
  try {
    return (JSON.parse(text) as readonly Readonly<Record<string, number>>[]).flatMap((one) => Object.entries(one));
  } catch {
    throw new ModelError(`failed to parse listen-ports configuration: ${text}`);
  }
}

interface Path {
  readonly path?: string;
  readonly pathType?: string;
  readonly backend?: {
    readonly service?: { readonly name: string; readonly port: { readonly number?: number; readonly name?: string } };
  };
}

function rulesOf(
  settings: Settings,
  stack: string,
  member: Member,
  services: readonly KubernetesObject[],
  targetGroups: Map<string, TargetGroup>,
): readonly Rule[] {
  const action = (path: Path): Action => {
    const group = targetGroupOf(settings, stack, member, path, services);
    targetGroups.set(group.resource, group);
    return { to: 'group', group: group.name };
  };
  const rules = listOf(member.ingress, 'spec', 'rules').flatMap((rule) => {
    const host = textOf(rule, 'host');
    return (listOf(rule, 'http', 'paths') as readonly Path[]).map((path) => ({
      ...(host === undefined ? {} : { host }),
      paths: patternsOf(path),
      action: action(path),
    }));
  });
  const fallback = fieldOf(member.ingress, 'spec', 'defaultBackend');
  return fallback === undefined
    ? rules
    : [...rules, { paths: ['/*'], action: action({ backend: fallback as NonNullable<Path['backend']> }) }];
}

function patternsOf({ path = '/', pathType }: Path): readonly string[] {
  if (pathType === 'Exact') return [path];
  if (pathType === 'Prefix') return path === '/' ? ['/*'] : [path.replace(/\/$/, ''), `${path.replace(/\/$/, '')}/*`];
  return [path === '/' ? '/*' : path];
}

function targetGroupOf(
  settings: Settings,
  stack: string,
  member: Member,
  path: Path,
  services: readonly KubernetesObject[],
): TargetGroup {
  const namespace = member.ingress.metadata.namespace ?? 'default';
  const backend = path.backend?.service;
  if (backend === undefined)
    throw new ModelError(`${keyOf(member.ingress)}: only backends that are Services are supported`);
  const service = services.find((one) => one.metadata.namespace === namespace && one.metadata.name === backend.name);
  if (service === undefined) throw new ModelError(`Service "${backend.name}" not found in namespace ${namespace}`);
  const wanted = backend.port.name ?? backend.port.number ?? 0;
  const port = servicePort(service, wanted);
  if (port === undefined) throw new ModelError(`unable to find port ${wanted} on service ${keyOf(service)}`);
  const read = (name: string): string | undefined => annotation(member.ingress, name) ?? annotation(service, name);
  const type = textOf(member.parameters, 'targetType') ?? read('target-type') ?? 'instance';
  if (type !== 'instance')
    throw new ModelError('the stand-in has targets of type instance only: pods of a sandbox have no network');
  if (port.nodePort === 0)
    throw new ModelError(`service type must be either 'NodePort' or 'LoadBalancer': ${keyOf(service)}`);
  const protocol = read('backend-protocol') ?? 'HTTP';
  const ingress = member.ingress.metadata;
  return {
    name: targetGroupName(
      { namespace, name: backend.name },
      settings.cluster,
      stack,
      namespace,
      ingress.name,
      service.metadata.uid ?? '',
      String(wanted),
      String(port.nodePort),
      type,
      protocol,
      'HTTP1',
    ),
    resource: `${keyOf(member.ingress)}-${backend.name}:${wanted}`,
    protocol,
    nodePort: port.nodePort,
    service: { namespace, name: backend.name, port: wanted },
    health: {
      protocol: read('healthcheck-protocol') ?? protocol,
      path: read('healthcheck-path') ?? '/',
      codes: read('success-codes') ?? '200',
    },
    attributes: pairsOf(read('target-group-attributes')),
  };
}
