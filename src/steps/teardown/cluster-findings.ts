import { isPlatformError, PlatformError } from '../../errors.ts';
import type { ClusterReader, KubernetesObject, LedgerEntry } from '../../tools/ports.ts';
import type { ReadContext } from '../kit.ts';
import { textOf } from '../probes/fields.ts';
import { gatherEvidence, type Identity, readIdentity, readRecords } from './evidence.ts';
import type { ClusterFindings, KubernetesState } from './inventory-types.ts';
import { listKinds, withProof } from './listing.ts';
import { judge } from './ownership.ts';
import { patient } from './sweep-patience.ts';

/**
 * Whether the cluster takes part in its own teardown, and what it holds. It is proven to be ours before anything is listed: another cluster behind
 * our kubeconfig is IDENTITY_MISMATCH. No control plane that could answer: `left-out`; one that does not answer: `unreachable`. A list that is
 * refused is an error, never "none".
 */
export async function observeKubernetes(world: ReadContext, known?: Identity): Promise<KubernetesState> {
  const ctx = patient(world);
  if (ctx.config.teardown?.awsOnly === true) return { is: 'left-out', because: 'left out by --aws-only' };
  const identity = known ?? (await readIdentity(ctx));
  if (identity === undefined) return { is: 'left-out', because: 'nothing was ever built' };
  const records = await readRecords(ctx, identity);
  const kubeconfig = await ctx.files.read(`${ctx.config.stateFolder}/kubeconfig`);
  if (kubeconfig === undefined && !records.some(({ kind }) => kind === 'kubernetes'))
    return { is: 'left-out', because: 'no control plane was ever made' };
  try {
    const cluster = await ctx.cluster();
    await proveCluster(cluster, records, () => provenMachines(ctx, identity));
    return { is: 'answers', findings: await listFindings(ctx, cluster) };
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'UNREACHABLE') throw error;
    if (await isWithoutControlPlane(ctx, identity, records))
      return { is: 'left-out', because: 'no machine of the control plane is left' };
    return { is: 'unreachable', because: error.message };
  }
}

/**
 * Proves that this is the recorded cluster: UID of kube-system and certificate authority, and its nodes are machines that we recorded. An etcd
 * snapshot restored elsewhere has the same UID, but another authority; a kubeconfig that was replaced shows other machines.
 */
export async function proveCluster(
  cluster: ClusterReader,
  records: readonly LedgerEntry[],
  further: () => Promise<readonly string[]> = async () => [],
): Promise<void> {
  const identity = await cluster.identity();
  const known = records.filter(({ kind }) => kind === 'kubernetes');
  const same = known.some(({ id, unique }) => id === identity.uid && unique['authority'] === identity.authority);
  if (known.length > 0 && !same)
    throw mismatch(
      `the cluster at ${identity.server} is not the recorded one: kube-system has the UID ${identity.uid}, recorded is ${known.map(({ id }) => id).join(', ')}`,
    );
  const recorded = records.filter(({ kind }) => kind === 'instance').map(({ id }) => id);
  // State and account are asked only where the ledger lacks what would prove it: reading them takes seconds.
  const machines = new Set(same && recorded.length > 0 ? recorded : [...recorded, ...(await further())]);
  const nodes = await cluster.list({ apiVersion: 'v1', kind: 'Node' });
  const ids = nodes.flatMap((node) => textOf(node, 'spec', 'providerID')?.split('/').at(-1) ?? []);
  const strangers = ids.filter((id) => !machines.has(id));
  if (same && (machines.size === 0 || ids.length === 0 || strangers.length < ids.length)) return;
  // Its making was cut before it was recorded: then its machines are the only proof, so all of them must be ours.
  if (!same && ids.length > 0 && strangers.length === 0) return;
  throw mismatch(
    ids.length === 0
      ? `nothing recorded proves that the cluster at ${identity.server} is ours`
      : `the nodes of the cluster at ${identity.server} stand on machines that nobody recorded: ${strangers.join(', ')}`,
  );
}

/** By the Terraform state, or by tags at home: as sound as what lets them be deleted. */
async function provenMachines(ctx: ReadContext, identity: Identity): Promise<readonly string[]> {
  const evidence = await gatherEvidence(ctx, identity, { is: 'left-out', because: 'not asked yet' });
  const verdicts = judge(await listKinds(ctx, withProof(['instance']), evidence), evidence);
  return [...verdicts].flatMap(([key, { class: ownership }]) =>
    ownership === 'owned' && key.startsWith('instance ') ? [key.slice('instance '.length)] : [],
  );
}

const mismatch = (message: string): PlatformError =>
  new PlatformError('IDENTITY_MISMATCH', {
    message,
    next: [
      'restore the kubeconfig of this environment (platform up fetches it anew)',
      'or leave Kubernetes out: --aws-only',
    ],
  });

/** Everything in the cluster that AWS objects hang on, or that would make them again. */
async function listFindings(ctx: ReadContext, cluster: ClusterReader): Promise<ClusterFindings> {
  const list = (apiVersion: string, kind: string) => cluster.list({ apiVersion, kind });
  const { kinds } = await cluster.kinds();
  const ofGroups = async (wanted: (group: string, kind: string) => boolean): Promise<readonly KubernetesObject[]> => {
    const chosen = kinds.filter(({ apiVersion, kind }) => wanted(apiVersion.split('/')[0] ?? '', kind));
    return (await Promise.all(chosen.map(({ apiVersion, kind }) => list(apiVersion, kind)))).flat();
  };
  const [ingresses, services, claims, volumes, gateways, operands, reconcilers, releases] = await Promise.all([
    list('networking.k8s.io/v1', 'Ingress'),
    list('v1', 'Service'),
    list('v1', 'PersistentVolumeClaim'),
    list('v1', 'PersistentVolume'),
    ofGroups((group, kind) => group === 'gateway.networking.k8s.io' && kind === 'Gateway'),
    ofGroups((group) => group === 'rabbitmq.com'),
    ofGroups((group, kind) => reconcilerKinds.has(`${group}/${kind}`)),
    ctx.helm.releases(ctx.signal),
  ]);
  return {
    ingresses,
    services: services.filter(isEntrance),
    gateways,
    claims,
    volumes,
    releases,
    operands,
    reconcilers,
  };
}

/** What makes objects again, or asks AWS for machines. */
const reconcilerKinds: ReadonlySet<string> = new Set([
  'argoproj.io/Application',
  'argoproj.io/ApplicationSet',
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'helm.toolkit.fluxcd.io/HelmRelease',
  'keda.sh/ScaledObject',
  'karpenter.sh/NodePool',
]);

/** A Service that was turned from LoadBalancer into something else still has its finalizer, and its load balancer. */
const isEntrance = (service: KubernetesObject): boolean =>
  textOf(service, 'spec', 'type') === 'LoadBalancer' ||
  (service.metadata.finalizers ?? []).some((one) =>
    ['service.k8s.aws/resources', 'service.kubernetes.io/load-balancer-cleanup'].includes(one),
  );

/** A teardown that is resumed has ended its machines itself. Those of a user's own tree are asked by their recorded ids. */
export async function isWithoutControlPlane(
  { aws, config }: ReadContext,
  { clusterId }: Identity,
  records: readonly LedgerEntry[],
): Promise<boolean> {
  const isUp = (state: string): boolean => state !== 'shutting-down' && state !== 'terminated';
  if (config.terraform.dir === undefined)
    return !(await aws.instances(clusterId)).some(
      ({ node, state }) => isUp(state) && config.nodes[node]?.role !== 'worker',
    );
  const ids = new Set(records.filter(({ kind }) => kind === 'instance').map(({ id }) => id));
  const vpcs = records.filter(({ kind }) => kind === 'vpc').map(({ id }) => id);
  const found = (await Promise.all(vpcs.map((vpc) => aws.instancesIn(vpc)))).flat();
  return ids.size > 0 && !found.some(({ id, state }) => ids.has(id) && isUp(state));
}
