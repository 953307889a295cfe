import { isPlatformError } from '../../../errors.ts';
import type { Clock, KubernetesObject } from '../../../tools/ports.ts';
import { addFinalizer, argumentsOf, dropFinalizer, pairsOf, runningWorkload } from '../shared/controller.ts';
import type { Controller, Tools } from '../shared/controller.ts';
import { AwsRefusal, refusedAs } from '../shared/aws.ts';
import { report } from '../shared/events.ts';
import { listOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';
import { bindTargets, bindingKey, listBindings, networkingPorts, trafficNodes } from './bindings.ts';
import { deployStack, removeStack } from './deploy-stack.ts';
import { annotation, groupIngresses, keyOf } from './ingress-groups.ts';
import type { IngressGroup } from './ingress-groups.ts';
import { ingressStack, ModelError } from './ingress-stack.ts';
import { groupFinalizer } from './names.ts';
import { backendGroup, openNodes, releaseBackendGroup } from './security-groups.ts';
import { isServed, serviceAttributes, serviceFinalizer, serviceStack } from './service-stack.ts';
import type { Settings, Stack } from './stack.ts';
import { albWebhooks } from './alb-webhooks.ts';

const name = 'aws-load-balancer-controller';
/** Milliseconds for which a removal may be refused because something is still in use, before that is reported (pkg/deploy/ec2). */
const patience = 10_000;
/** Milliseconds after which AWS is looked at again though nothing changed in the cluster. */
const resync = 60_000;

/** Stand-in for the AWS Load Balancer Controller; BEHAVIOUR.md says what it does and leaves out. */
export function albController(clock: Clock, host: string): Controller {
  const webhooks = albWebhooks(clock, host);
  // What was deployed when: only so that AWS is not asked every second. Lost, it is deployed once more.
  const deployed = new Map<string, { readonly model: string; readonly hostname: string; readonly at: number }>();
  const fresh = (key: string, model: string): string | undefined => {
    const found = deployed.get(key);
    return found?.model === model && clock.monotonic() - found.at < resync ? found.hostname : undefined;
  };
  const remember = (key: string, model: string, hostname = ''): void =>
    void deployed.set(key, { model, hostname, at: clock.monotonic() });

  const deploy = async (
    tools: Tools,
    settings: Settings,
    stack: Stack,
    bindings: readonly KubernetesObject[],
  ): Promise<string> => {
    const key = `${stack.family}/${stack.id}`;
    const model = JSON.stringify([settings, stack]);
    const known = tools.recreates ? undefined : fresh(key, model);
    if (known !== undefined) return known;
    if (tools.failure !== undefined) throw new Error(tools.failure);
    const hostname = await deployStack(tools, settings, stack, bindings);
    remember(key, model, hostname);
    return hostname;
  };

  /** False while something of it still waits for its end. */
  const takeAway = async (
    tools: Tools,
    settings: Settings,
    stack: Pick<Stack, 'family' | 'id'>,
    world: Seen,
    leaving: readonly KubernetesObject[],
  ): Promise<boolean> => {
    if (tools.refusal !== undefined) throw new Error(tools.refusal);
    deployed.delete(`${stack.family}/${stack.id}`);
    if (tools.leaks) return true;
    if (!(await removeStack(tools, settings, stack, world.bindings))) return false;
    await letGo(tools, settings, world, leaving);
    return true;
  };

  const serveGroup = async (tools: Tools, settings: Settings, group: IngressGroup, world: Seen): Promise<void> => {
    const finalizer = groupFinalizer(group.group);
    const stackId = { family: 'ingress.k8s.aws', id: group.group.id } as const;
    if (group.active.length > 0) {
      for (const { ingress } of group.active) await addFinalizer(tools.kubernetes, ingress, finalizer);
      const hostname = await deploy(tools, settings, ingressStack(settings, group, world.services), world.bindings);
      for (const { ingress } of group.active) await tellHostname(tools, ingress, hostname);
    } else {
      const protectedBy = group.leaving.find(
        (one) => pairsOf(annotation(one, 'load-balancer-attributes'))['deletion_protection.enabled'] === 'true',
      );
      if (protectedBy !== undefined)
        throw new ModelError(`deletion_protection is enabled, cannot delete the ingress: ${protectedBy.metadata.name}`);
      if (!(await takeAway(tools, settings, stackId, world, group.leaving))) return;
    }
    for (const ingress of group.leaving) await dropFinalizer(tools.kubernetes, ingress, finalizer);
  };

  const serveService = async (
    tools: Tools,
    settings: Settings,
    service: KubernetesObject,
    world: Seen,
  ): Promise<void> => {
    if (isServed(service) && service.metadata.deletionTimestamp === undefined) {
      await addFinalizer(tools.kubernetes, service, serviceFinalizer);
      await tellHostname(
        tools,
        service,
        await deploy(tools, settings, serviceStack(settings, service), world.bindings),
      );
      return;
    }
    const stack = { family: 'service.k8s.aws', id: keyOf(service) } as const;
    if (serviceAttributes(service)['deletion_protection.enabled'] === 'true')
      throw new ModelError(`deletion_protection is enabled, cannot delete the service: ${service.metadata.name}`);
    if (!(await takeAway(tools, settings, stack, world, [service]))) return;
    await dropFinalizer(tools.kubernetes, service, serviceFinalizer);
  };

  const removing = new Map<string, number>();
  /** Whether a refusal is only the usual wait for what the load balancer has left behind. */
  const stillInUse = (about: readonly KubernetesObject[], error: unknown): boolean => {
    if (!refusedAs(error, /^(DependencyViolation|ResourceInUse)$/)) return false;
    const key = about.map(({ metadata }) => metadata.uid).join(' ');
    const since = removing.get(key) ?? clock.monotonic();
    removing.set(key, since);
    return clock.monotonic() - since < patience;
  };

  const delayed = new Map<string, { readonly version: string; readonly failures: number; readonly until: number }>();
  /** What fails for one group or Service is said where people look, holds up no other, and is tried again ever more seldom. */
  const guarded = async (
    tools: Tools,
    about: readonly KubernetesObject[],
    component: string,
    work: () => Promise<void>,
  ): Promise<void> => {
    const key = about.map(({ metadata }) => metadata.uid).join(' ');
    const version = about.map(({ metadata }) => metadata.resourceVersion).join(' ');
    const before = delayed.get(key);
    if (before?.version === version && clock.monotonic() < before.until) return;
    try {
      await work();
      delayed.delete(key);
    } catch (error) {
      if (isPlatformError(error) && error.facts['reason'] === 'Conflict') return;
      if (stillInUse(about, error)) return;
      const { reason, message } = complaint(error);
      const failures = (before?.failures ?? 0) + 1;
      delayed.set(key, { version, failures, until: clock.monotonic() + Math.min(8_000, 500 * 2 ** failures) });
      tools.note(`${about.map(keyOf).join(', ')}: ${message}`);
      for (const one of about) await report(tools, one, { type: 'Warning', reason, message, component });
    }
  };

  return {
    name: 'alb',
    userAgent: name,
    silence: () => webhooks.silence(),
    async round(tools) {
      const { kubernetes } = tools;
      const workload = await runningWorkload(kubernetes, 'Deployment', 'kube-system', name);
      await webhooks.round(tools, workload !== undefined);
      if (workload === undefined) return;
      const settings = settingsOf(workload);
      const world = await look(tools);
      const groups = groupIngresses(world.ingresses, world.classes, world.parameters, settings.ingressClass);
      for (const group of groups) {
        const about = group.active.length > 0 ? group.active.map(({ ingress }) => ingress) : group.leaving;
        await guarded(tools, about, 'ingress', () => serveGroup(tools, settings, group, world));
      }
      for (const service of world.services)
        if (isServed(service) || service.metadata.finalizers?.includes(serviceFinalizer) === true)
          await guarded(tools, [service], 'service', () => serveService(tools, settings, service, world));
      if (tools.failure !== undefined) return;
      const instances = trafficNodes(world.nodes);
      for (const binding of world.bindings) {
        const model = JSON.stringify([binding.metadata.generation, binding.metadata.finalizers, instances]);
        if (!tools.recreates && fresh(bindingKey(binding), model) !== undefined) continue;
        await guarded(tools, [binding], 'targetGroupBinding', () =>
          bindTargets(tools, binding, world.services, instances),
        );
        if (binding.metadata.deletionTimestamp === undefined) remember(bindingKey(binding), model);
      }
      const ports = networkingPorts(world.bindings);
      const model = JSON.stringify([settings, ports, instances]);
      if (!tools.recreates && fresh('nodes', model) !== undefined) return;
      const backend = await backendGroup(tools, settings);
      if (backend !== undefined) await openNodes(tools, settings, { backend, ports, instances });
      remember('nodes', model);
    },
  };
}

function complaint(error: unknown): { readonly reason: string; readonly message: string } {
  if (error instanceof ModelError)
    return { reason: 'FailedBuildModel', message: `Failed build model due to ${error.message}` };
  const code = error instanceof AwsRefusal ? `${error.name}: ` : '';
  return {
    reason: 'FailedDeployModel',
    message: `Failed deploy model due to ${code}${error instanceof Error ? error.message : String(error)}`,
  };
}

type Seen = Awaited<ReturnType<typeof look>>;

async function look(tools: Tools) {
  const { kubernetes } = tools;
  const [ingresses, classes, parameters, services, nodes, bindings] = await Promise.all([
    kubernetes.list('networking.k8s.io/v1', 'Ingress'),
    kubernetes.list('networking.k8s.io/v1', 'IngressClass'),
    kubernetes.list('elbv2.k8s.aws/v1beta1', 'IngressClassParams'),
    kubernetes.list('v1', 'Service'),
    kubernetes.list('v1', 'Node'),
    listBindings(tools),
  ]);
  return { ingresses, classes, parameters, services, nodes, bindings };
}

function settingsOf(workload: KubernetesObject): Settings {
  const given = argumentsOf(workload, name);
  return {
    cluster: given['cluster-name'] ?? '',
    vpc: given['aws-vpc-id'] ?? '',
    region: given['aws-region'] ?? '',
    ingressClass: given['ingress-class'] ?? 'alb',
    tags: pairsOf(given['default-tags']),
  };
}

async function tellHostname({ kubernetes }: Tools, object: KubernetesObject, hostname: string): Promise<void> {
  if (textOf(listOf(object, 'status', 'loadBalancer', 'ingress')[0], 'hostname') === hostname) return;
  await kubernetes.patch(referenceTo(object), { status: { loadBalancer: { ingress: [{ hostname }] } } }, 'status');
}

/**
 * Before the last that needs the shared group loses its finalizer, the rules on the nodes and the group itself go: afterwards the
 * controller may be removed, and nobody would (backend_sg_provider.go, Release).
 */
async function letGo(
  tools: Tools,
  settings: Settings,
  world: Seen,
  leaving: readonly KubernetesObject[],
): Promise<void> {
  const uids = leaving.map(({ metadata }) => metadata.uid);
  const others = [...world.ingresses, ...world.services].filter(({ metadata }) => !uids.includes(metadata.uid));
  if (world.bindings.length > 0 || others.some(holds)) return;
  const backend = await backendGroup(tools, settings);
  if (backend === undefined) return;
  await openNodes(tools, settings, { backend, ports: [], instances: [] });
  await releaseBackendGroup(tools, settings);
}

const holds = ({ metadata }: KubernetesObject): boolean =>
  metadata.finalizers?.some(
    (one) =>
      one.startsWith('group.ingress.k8s.aws/') || one === 'ingress.k8s.aws/resources' || one === serviceFinalizer,
  ) ?? false;
