import type { AccountMaker, Tags } from '../memory-aws/maker.ts';
import type { MemoryAws } from '../memory-aws/memory-aws.ts';
import type { Thing } from '../memory-aws/thing.ts';
import type { MemoryCluster } from './memory-cluster.ts';
import { keyOfObject, type Stored } from './objects.ts';

/** What the controller of load balancers made for one group of Ingresses, or one Service. */
interface Stack {
  readonly id: string;
  readonly members: Set<string>;
  balancer?: Thing;
  readonly targetGroups: Map<string, Thing>;
  entrance?: Thing;
}

export interface AlbSettings {
  readonly clusterId: string;
  readonly vpc: string;
  readonly subnets: readonly string[];
  /** The group of the nodes, into which the rule for targets goes. */
  readonly nodes?: string;
  readonly certificate?: string;
  readonly tags: Tags;
  /** Milliseconds until it begins to act on a change. */
  readonly delay: number;
  readonly protected?: boolean;
}

export const albFinalizer = (group: string): string => `group.ingress.k8s.aws/${group}`;
const bindingFinalizer = 'elbv2.k8s.aws/resources';
const serviceFinalizer = 'service.k8s.aws/resources';

const isDeployed = (cluster: MemoryCluster): boolean =>
  cluster.alive &&
  cluster.find('Deployment', 'kube-system', 'aws-load-balancer-controller') !== undefined &&
  cluster.find('Deployment', 'kube-system', 'aws-load-balancer-controller')?.metadata.deletionTimestamp === undefined;

/** The AWS Load Balancer Controller in memory: Ingresses and Services become load balancers, and take them away through finalizers. */
export class AlbController {
  readonly #cluster: MemoryCluster;
  readonly #aws: MemoryAws;
  readonly #make: AccountMaker;
  readonly #settings: AlbSettings;
  readonly #stacks = new Map<string, Stack>();
  /** Runs, but gets nothing done. */
  dead = false;
  #backend: Thing | undefined;

  constructor(cluster: MemoryCluster, make: AccountMaker, settings: AlbSettings) {
    this.#cluster = cluster;
    this.#make = make;
    this.#aws = make.aws;
    this.#settings = settings;
    cluster.watchers.push((change, object) => {
      if (!isServed(object)) return;
      if (change === 'made' && object.kind !== 'TargetGroupBinding') this.#soon(() => this.build(object));
      if (change === 'deleting') this.#soon(() => this.#remove(object));
    });
  }

  /** Makes what an Ingress or Service asks for, at once. */
  build(object: Stored): void {
    if (!this.#cluster.has(object) || object.metadata.deletionTimestamp !== undefined) return;
    const { name, namespace = '' } = object.metadata;
    const { clusterId, vpc, subnets, nodes, certificate } = this.#settings;
    const group = groupOf(object);
    const finalizer = object.kind === 'Service' ? serviceFinalizer : albFinalizer(group);
    if (!object.metadata.finalizers.includes(finalizer)) object.metadata.finalizers.push(finalizer);
    const stack: Stack = this.#stacks.get(group) ?? { id: group, members: new Set(), targetGroups: new Map() };
    this.#stacks.set(group, stack);
    if (stack.members.has(keyOfObject(object)) && stack.targetGroups.has(keyOfObject(object))) return;
    stack.members.add(keyOfObject(object));
    const family = object.kind === 'Service' ? 'service.k8s.aws' : 'ingress.k8s.aws';
    const tags = (resource: string): Tags => ({
      ...this.#settings.tags,
      'elbv2.k8s.aws/cluster': clusterId,
      [`${family}/stack`]: group,
      [`${family}/resource`]: resource,
    });
    this.#backend ??= this.#make.group(
      vpc,
      `k8s-traffic-${clusterId.replaceAll('-', '')}-${this.#aws.random.letters(10)}`,
      { ...this.#settings.tags, 'elbv2.k8s.aws/cluster': clusterId, 'elbv2.k8s.aws/resource': 'backend-sg' },
      '[k8s] Shared Backend SecurityGroup for LoadBalancer',
    );
    const short = `k8s-${group.replaceAll(/[^a-z0-9]/g, '').slice(0, 17)}-${this.#aws.random.letters(10)}`;
    if (stack.entrance === undefined) {
      stack.entrance = this.#make.group(
        vpc,
        short,
        tags('ManagedLBSecurityGroup'),
        '[k8s] Managed SecurityGroup for LoadBalancer',
      );
      this.#make.rule(stack.entrance.id);
    }
    const target = this.#make.put('target-group', {
      name: `k8s-${namespace.slice(0, 8)}-${name.slice(0, 8)}-${this.#aws.random.letters(10)}`,
      vpc,
      tags: { ...tags(`${namespace}/${name}-${name}:80`) },
    });
    stack.targetGroups.set(keyOfObject(object), target);
    if (nodes !== undefined && this.#aws.find('security-group', nodes) !== undefined && stack.balancer === undefined)
      this.#make.rule(nodes, { peer: this.#backend.id, description: 'elbv2.k8s.aws/targetGroupBinding=shared' });
    stack.balancer ??= this.#make.loadBalancer({
      name: short,
      subnets: subnets.slice(0, 2),
      groups: [stack.entrance.id, this.#backend.id],
      tags: tags('LoadBalancer'),
      ...(this.#settings.protected === true ? { protected: true } : {}),
      ...(certificate === undefined || object.kind === 'Service' ? {} : { certificate }),
    });
    const balancer = stack.balancer;
    balancer.holds = [...balancer.holds, { kind: 'target-group', id: target.id }];
    this.#cluster.make({
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'TargetGroupBinding',
      namespace,
      name: `k8s-${name}`,
      labels: { [`${family}/stack`]: group.replaceAll('/', '-') },
      finalizers: [bindingFinalizer],
      spec: { targetGroupARN: target.id },
    });
    object.status = { loadBalancer: { ingress: [{ hostname: balancer.hostname ?? '' }] } };
  }

  #soon(work: () => void, delay = this.#settings.delay): void {
    this.#cluster.later(delay, () => {
      if (!this.dead && isDeployed(this.#cluster)) work();
    });
  }

  /** Takes away what an object of its own asked for; comes back until AWS agrees. */
  #remove(object: Stored): void {
    if (!this.#cluster.has(object)) return;
    if (object.kind === 'TargetGroupBinding') return this.#cluster.release(object, [bindingFinalizer]);
    const stack = this.#stacks.get(groupOf(object));
    const key = keyOfObject(object);
    if (stack === undefined) return this.#finish(object);
    const others = [...stack.members].filter((one) => one !== key && !isGoing(this.#cluster, one));
    const { balancer } = stack;
    const again = (): void => this.#soon(() => this.#remove(object), 4000);
    if (others.length > 0) {
      stack.members.delete(key);
      const target = stack.targetGroups.get(key);
      if (target !== undefined && balancer !== undefined)
        balancer.holds = balancer.holds.filter(({ id }) => id !== target.id);
      return this.#finish(object, target);
    }
    if (balancer !== undefined && this.#aws.find('load-balancer', balancer.id) !== undefined) {
      if (!this.#delete(balancer)) {
        this.#warn(object, 'Failed deploy model due to OperationNotPermitted: deletion protection is enabled');
        return again();
      }
    }
    for (const target of stack.targetGroups.values()) if (!this.#delete(target)) return again();
    if (stack.entrance !== undefined && !this.#delete(stack.entrance)) return again();
    const last = [...this.#stacks.values()].every((one) => one === stack || one.members.size === 0);
    if (last && this.#backend !== undefined) {
      this.#closeNodes(this.#backend.id);
      if (!this.#delete(this.#backend)) return again();
      this.#backend = undefined;
    }
    this.#stacks.delete(stack.id);
    this.#finish(object);
  }

  #finish(object: Stored, target?: Thing): void {
    if (target !== undefined) this.#delete(target);
    const binding = this.#cluster.find('TargetGroupBinding', object.metadata.namespace, `k8s-${object.metadata.name}`);
    if (binding !== undefined) {
      this.#cluster.delete(binding);
      this.#cluster.release(binding, [bindingFinalizer]);
    }
    this.#cluster.release(object, [serviceFinalizer, albFinalizer(groupOf(object))]);
  }

  #closeNodes(backend: string): void {
    for (const group of this.#aws.of('security-group').values()) {
      const rules = (group.rules ?? []).filter(
        ({ peer, description }) => peer === backend && description.startsWith('elbv2.k8s.aws/'),
      );
      if (rules.length > 0) this.#aws.revoke(group.id, rules);
    }
  }

  #warn(object: Stored, message: string): void {
    const { namespace = '', name, uid } = object.metadata;
    if (this.#cluster.find('Event', namespace, `${name}.failed`) !== undefined) return;
    this.#cluster.make({
      apiVersion: 'v1',
      kind: 'Event',
      namespace,
      name: `${name}.failed`,
      type: 'Warning',
      message,
      involvedObject: { uid },
      lastTimestamp: new Date(this.#cluster.clock.now()).toISOString(),
    });
  }

  /** True when it is gone; false when AWS refuses for now. */
  #delete(thing: Thing): boolean {
    try {
      this.#aws.removeAs('alb', thing);
      return true;
    } catch {
      return false;
    }
  }
}

const isServed = (object: Stored): boolean =>
  object.kind === 'Ingress' ||
  object.kind === 'TargetGroupBinding' ||
  (object.kind === 'Service' && object.spec?.['type'] === 'LoadBalancer');

const groupOf = ({ kind, metadata }: Stored): string =>
  (kind === 'Ingress' ? metadata.annotations['alb.ingress.kubernetes.io/group.name'] : undefined) ??
  `${metadata.namespace}/${metadata.name}`;

function isGoing(cluster: MemoryCluster, key: string): boolean {
  const object = cluster.objects.get(key);
  return object === undefined || object.metadata.deletionTimestamp !== undefined;
}
