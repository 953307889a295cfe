import type { ClusterReader, KubernetesObject } from '../../tools/ports.ts';
import { listOf, numberOf, textOf } from '../probes/fields.ts';

/** What serves a finalizer: a workload by name, in whatever namespace it was installed. */
interface Server {
  /** Names by which charts and manifests install it. */
  readonly workloads: readonly string[];
}

const albController: Server = { workloads: ['aws-load-balancer-controller'] };
const cloudController: Server = { workloads: ['aws-cloud-controller-manager', 'cloud-controller-manager'] };
const ebsController: Server = { workloads: ['ebs-csi-controller'] };
const topologyOperator: Server = { workloads: ['messaging-topology-operator'] };
const argoController: Server = { workloads: ['argocd-application-controller'] };
/** Kubernetes itself: alive whenever the API answers, and what it waits for is never forced. */
const kubernetes: Server = { workloads: [] };

/**
 * Who takes off which finalizer; `*` stands for the rest of a name. Sources: LBC pkg/k8s/finalizer.go and pkg/ingress/finalizer.go, cloud-provider
 * service controller, external-provisioner, external-attacher, cluster-operator and messaging-topology-operator internal/controller, argo-cd
 * pkg/apis/application, Flux, Karpenter, KEDA, cert-manager, tigera operator.
 */
const servers: readonly (readonly [pattern: string, server: Server])[] = [
  ['ingress.k8s.aws/resources', albController],
  ['group.ingress.k8s.aws/*', albController],
  ['service.k8s.aws/resources', albController],
  ['elbv2.k8s.aws/resources', albController],
  ['gateway.k8s.aws/*', albController],
  ['aga.k8s.aws/resources', albController],
  ['service.kubernetes.io/load-balancer-cleanup', cloudController],
  ['external-provisioner.volume.kubernetes.io/finalizer', ebsController],
  ['external-attacher/ebs-csi-aws-com', ebsController],
  ['snapshot.storage.kubernetes.io/*', { workloads: ['snapshot-controller'] }],
  ['deletion.finalizers.rabbitmqclusters.rabbitmq.com', { workloads: ['rabbitmq-cluster-operator'] }],
  ['deletion.finalizers.*', topologyOperator],
  ['resources-finalizer.argocd.argoproj.io*', argoController],
  ['post-delete-finalizer.argocd.argoproj.io*', argoController],
  ['finalizers.fluxcd.io', { workloads: ['kustomize-controller', 'helm-controller', 'source-controller'] }],
  ['karpenter.sh/termination', { workloads: ['karpenter'] }],
  ['finalizer.keda.sh', { workloads: ['keda-operator'] }],
  ['acme.cert-manager.io/finalizer', { workloads: ['cert-manager'] }],
  ['finalizer.acme.cert-manager.io', { workloads: ['cert-manager'] }],
  ['tigera.io/*', { workloads: ['tigera-operator'] }],
  ['kubernetes.io/pvc-protection', kubernetes],
  ['kubernetes.io/pv-protection', kubernetes],
  ['batch.kubernetes.io/job-tracking', kubernetes],
  ['foregroundDeletion', kubernetes],
  ['orphan', kubernetes],
  ['kubernetes', kubernetes],
];

/** Every workload that a finalizer may wait for: their namespaces go on working while a cluster is taken apart. */
const knownControllers: ReadonlySet<string> = new Set(servers.flatMap(([, { workloads }]) => workloads));

/** undefined: nobody that we know. */
export function serverOf(finalizer: string): Server | undefined {
  return servers.find(([pattern]) =>
    pattern.endsWith('*') ? finalizer.startsWith(pattern.slice(0, -1)) : finalizer === pattern,
  )?.[1];
}

/** A workload of the cluster, as far as it matters to those that wait for it. */
export interface Controller {
  readonly name: string;
  readonly namespace: string;
  readonly ready: number;
}

/** The workloads of that name or with that name as their label (a Helm release may put its own before it). */
export async function controllersIn(cluster: ClusterReader): Promise<readonly Controller[]> {
  const lists = await Promise.all(
    (['Deployment', 'StatefulSet', 'DaemonSet'] as const).map((kind) => cluster.list({ apiVersion: 'apps/v1', kind })),
  );
  return lists.flat().flatMap((found) => {
    const { name, namespace = 'default', labels, deletionTimestamp } = found.metadata;
    const known = [name, labels?.['app.kubernetes.io/name']].find(
      (one) => one !== undefined && knownControllers.has(one),
    );
    if (known === undefined) return [];
    const ready = numberOf(found, 'status', 'readyReplicas') ?? numberOf(found, 'status', 'numberReady') ?? 0;
    return [{ name: known, namespace, ready: deletionTimestamp === undefined ? ready : 0 }];
  });
}

/** One finalizer of an object that is to go, and whether anybody will take it off. */
export interface Hold {
  readonly finalizer: string;
  /**
   * `served`: its controller runs. `silent`: it is installed and has no ready pod, which may pass. `orphaned`: it is not there at all.
   * `stranger`: nobody knows whose it is.
   */
  readonly is: 'served' | 'silent' | 'orphaned' | 'stranger';
  readonly because: string;
}

/** What keeps an object that is marked for deletion; empty when nothing does. */
export function holdsOf(object: KubernetesObject, controllers: readonly Controller[]): readonly Hold[] {
  if (object.metadata.deletionTimestamp === undefined) return [];
  return (object.metadata.finalizers ?? []).map((finalizer) => {
    const server = serverOf(finalizer);
    const waits = `waits for finalizer ${finalizer}`;
    if (server === undefined)
      return { finalizer, is: 'stranger', because: `${waits}, of a controller that platform does not know` };
    if (server.workloads.length === 0) return { finalizer, is: 'served', because: `${waits} of Kubernetes itself` };
    const installed = controllers.filter(({ name }) => server.workloads.includes(name));
    const name = server.workloads[0] ?? '';
    if (installed.length === 0)
      return { finalizer, is: 'orphaned', because: `${waits}, whose controller ${name} is not installed` };
    if (installed.every(({ ready }) => ready === 0))
      return { finalizer, is: 'silent', because: `${waits}, whose controller ${name} has no ready pod` };
    return { finalizer, is: 'served', because: `${waits} of ${name}` };
  });
}

/** Why a namespace that is going away is still there, in the words of the namespace controller; empty when it is not going. */
export function stuckNamespace(namespace: KubernetesObject): readonly string[] {
  if (namespace.metadata.deletionTimestamp === undefined) return [];
  return listOf(namespace, 'status', 'conditions')
    .filter((one) => textOf(one, 'status') === 'True' && textOf(one, 'type') !== 'NamespaceTerminating')
    .map((one) => `Namespace ${namespace.metadata.name} ${textOf(one, 'type') ?? ''}: ${textOf(one, 'message') ?? ''}`);
}
