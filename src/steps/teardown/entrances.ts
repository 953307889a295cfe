import type { CloudKind, CloudResource, ClusterReader, EstateReader, KubernetesObject } from '../../tools/ports.ts';
import { textOf } from '../probes/fields.ts';
import type { DestroyInventory } from './destroy-inventory.ts';
import { scopeOf } from './drain-world.ts';
import type { Phase } from './drain-wait.ts';

const groups: Readonly<Record<string, string>> = {
  Ingress: 'networking.k8s.io/',
  Gateway: 'gateway.networking.k8s.io/',
  TargetGroupBinding: 'elbv2.k8s.aws/',
};

type EntranceKinds = readonly { readonly apiVersion: string; readonly kind: string }[];

/** As far as their definitions are installed. */
export async function entranceKinds(cluster: ClusterReader): Promise<EntranceKinds> {
  const { kinds } = await cluster.kinds();
  return kinds.filter(({ apiVersion, kind }) => {
    const group = groups[kind];
    return group === undefined ? apiVersion === 'v1' && kind === 'Service' : apiVersion.startsWith(group);
  });
}

/**
 * What stands for load balancers in the cluster. Bindings that the controller made for one of the others are listed once none of those is left:
 * it would make them again, and takes them away by itself.
 */
export async function entrancesIn(cluster: ClusterReader, kinds: EntranceKinds): Promise<readonly KubernetesObject[]> {
  const found = (await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })))).flat();
  const makers = found.filter(
    (one) => one.kind !== 'TargetGroupBinding' && (one.kind !== 'Service' || isBalanced(one)),
  );
  const bindings = found.filter(({ kind }) => kind === 'TargetGroupBinding');
  return [...makers, ...bindings.filter((binding) => makers.length === 0 || !isMade(binding))];
}

/** One that was turned from LoadBalancer into something else has its load balancer for as long as it has the finalizer. */
const isBalanced = (service: KubernetesObject): boolean =>
  textOf(service, 'spec', 'type') === 'LoadBalancer' ||
  (service.metadata.finalizers ?? []).some((one) =>
    ['service.k8s.aws/resources', 'service.kubernetes.io/load-balancer-cleanup'].includes(one),
  );

/** A binding that the controller made (LBC pkg/deploy/elbv2, stack labels); the others are somebody's. */
const isMade = ({ metadata }: KubernetesObject): boolean =>
  Object.keys(metadata.labels ?? {}).some((label) => label.endsWith('.k8s.aws/stack') || label.endsWith('/stack-name'));

/**
 * Under deletion protection the controller refuses for ever (LBC pkg/service/model_builder.go; AWS: OperationNotPermitted). Waiting is of no use: the
 * sweep turns the protection of what is ours off.
 */
export const judge: NonNullable<Phase['judge']> = ({ metadata }, { warning }) => {
  if (metadata.deletionTimestamp === undefined) return {};
  if (warning !== undefined && /deletion.?protection|OperationNotPermitted/i.test(warning))
    return { because: `is under deletion protection: ${warning}`, passed: true };
  // Events are forgotten after an hour, what the object asks for is not.
  const asked = Object.entries(metadata.annotations ?? {}).find(
    ([name, value]) => name.endsWith('-attributes') && /deletion_protection\.enabled *= *true/.test(value),
  );
  return asked === undefined ? {} : { because: `is under deletion protection: ${asked[0]}`, passed: true };
};

/** The names under which the load balancer controller and the cloud controller file what they make for these objects. */
export function stacksOf(makers: readonly KubernetesObject[]): ReadonlySet<string> {
  return new Set(
    makers.flatMap(({ metadata }) => [
      `${metadata.namespace ?? 'default'}/${metadata.name}`,
      ...(metadata.finalizers ?? [])
        .filter((finalizer) => finalizer.startsWith('group.ingress.k8s.aws/'))
        .map((finalizer) => finalizer.slice('group.ingress.k8s.aws/'.length)),
    ]),
  );
}

const stackTags = [
  'ingress.k8s.aws/stack',
  'service.k8s.aws/stack',
  'gateway.k8s.aws.alb/stack',
  'gateway.k8s.aws.nlb/stack',
  'kubernetes.io/service-name',
] as const;

/** What AWS still shows of these stacks: their target groups only once no load balancer is left, for they go after it. */
export async function balancersLeft(
  estate: EstateReader,
  cluster: DestroyInventory,
  stacks: ReadonlySet<string>,
): Promise<readonly CloudResource[]> {
  const balancers = await listOfStacks(estate, cluster, stacks, ['load-balancer']);
  return balancers.length > 0 ? balancers : listOfStacks(estate, cluster, stacks, ['target-group']);
}

/**
 * Of the objects that are going, the uids of those of which AWS shows nothing but a security group. Interfaces outlive their load balancer by a
 * minute and more, and hold its group; the controller asks for it again in vain, twice as late each time (LBC, FailedDeployModel). Nothing
 * hangs on it that the sweep does not do as well, and machines may end in the meantime.
 */
export async function awaitingGroups(
  estate: EstateReader,
  cluster: DestroyInventory,
  objects: readonly KubernetesObject[],
): Promise<ReadonlySet<string>> {
  const going = objects.filter(
    ({ metadata: { deletionTimestamp, finalizers = [] } }) =>
      deletionTimestamp !== undefined && finalizers.every((one) => servedByBalancers.test(one)),
  );
  if (going.length === 0) return new Set();
  const busy = stacksIn(await listOfStacks(estate, cluster, stacksOf(going), ['load-balancer', 'target-group']));
  const quiet = going.filter((object) => !isOneOf(busy, object));
  if (quiet.length === 0) return new Set();
  const held = stacksIn(await listOfStacks(estate, cluster, stacksOf(quiet), ['security-group']));
  const waiting = quiet.filter((object) => isOneOf(held, object));
  return new Set(waiting.flatMap(({ metadata: { uid } }) => uid ?? []));
}

const servedByBalancers = /^(?:group\.)?(?:ingress|service|gateway)\.k8s\.aws\//;

const isOneOf = (stacks: ReadonlySet<string>, object: KubernetesObject): boolean =>
  [...stacksOf([object])].some((stack) => stacks.has(stack));

const stacksIn = (resources: readonly CloudResource[]): ReadonlySet<string> =>
  new Set(resources.flatMap(({ tags }) => stackTags.flatMap((tag) => tags[tag] ?? [])));

async function listOfStacks(
  estate: EstateReader,
  cluster: DestroyInventory,
  stacks: ReadonlySet<string>,
  kinds: readonly CloudKind[],
): Promise<readonly CloudResource[]> {
  // Of one look, in the VPC where all that a controller makes for an object stands.
  const scope = { ...scopeOf(cluster), look: {}, near: true } as const;
  const lists = await Promise.all(kinds.map((kind) => estate.list(kind, scope)));
  return lists.flat().filter(({ phase, tags }) => {
    const isOurs =
      tags['elbv2.k8s.aws/cluster'] === cluster.clusterId ||
      tags[`kubernetes.io/cluster/${cluster.clusterId}`] === 'owned';
    return phase !== 'gone' && isOurs && stackTags.some((tag) => stacks.has(tags[tag] ?? ''));
  });
}
