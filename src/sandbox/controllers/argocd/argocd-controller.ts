import { randomBytes } from 'node:crypto';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../tools/ports.ts';
import { dropFinalizer, runningWorkload } from '../shared/controller.ts';
import type { Controller, Tools } from '../shared/controller.ts';
import { fieldOf, listOf, numberOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';

const namespace = 'argocd';
/** Manifests of an Application, in place of a repository that a closed network cannot reach. */
const manifestsAnnotation = 'sandbox.platform/manifests';
const cascade = 'resources-finalizer.argocd.argoproj.io';

/** Stand-in for Argo CD's server and application controller; BEHAVIOUR.md says what it leaves out. */
export function argocdController(): Controller {
  return {
    name: 'argocd',
    userAgent: 'argocd-application-controller',
    async round(tools) {
      const { kubernetes } = tools;
      if ((await runningWorkload(kubernetes, 'Deployment', namespace, 'argocd-server')) !== undefined)
        await firstStart(tools);
      if ((await runningWorkload(kubernetes, 'StatefulSet', namespace, 'argocd-application-controller')) === undefined)
        return;
      for (const application of await kubernetes.list('argoproj.io/v1alpha1', 'Application'))
        await reconcile(tools, application);
    },
  };
}

/** What the server makes when it starts for the first time, and the hook Job of the chart. */
async function firstStart({ kubernetes, note }: Tools): Promise<void> {
  const project = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', namespace, name: 'default' };
  const any = { group: '*', kind: '*' };
  if ((await kubernetes.get(project)) === undefined)
    await kubernetes.create({
      ...project,
      metadata: { name: 'default', namespace },
      spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], clusterResourceWhitelist: [any] },
    });
  for (const [name, key] of [
    ['argocd-initial-admin-secret', 'password'],
    ['argocd-redis', 'auth'],
  ] as const) {
    const reference = { apiVersion: 'v1', kind: 'Secret', namespace, name };
    if ((await kubernetes.get(reference)) !== undefined) continue;
    const stringData = { [key]: randomBytes(12).toString('base64url') };
    await kubernetes.create({ ...reference, metadata: { name, namespace }, type: 'Opaque', stringData });
    note(`made Secret ${name}`);
  }
}

async function reconcile(tools: Tools, application: KubernetesObject): Promise<void> {
  const { kubernetes, note } = tools;
  const wanted = manifestsOf(application);
  const live = await Promise.all(wanted.map((object) => kubernetes.get(referenceTo(object))));
  if (application.metadata.deletionTimestamp !== undefined) {
    if (application.metadata.finalizers?.includes(cascade) !== true || tools.refusal !== undefined) return;
    const left = live.filter((object) => object !== undefined);
    for (const object of left)
      if (object.metadata.deletionTimestamp === undefined) await kubernetes.remove(referenceTo(object));
    if (left.length === 0) await dropFinalizer(kubernetes, application, cascade);
    return;
  }
  const missing = wanted.filter((_, index) => live[index] === undefined);
  const synced = textOf(application, 'status', 'operationState', 'phase') === 'Succeeded';
  const automated = fieldOf(application, 'spec', 'syncPolicy', 'automated');
  const asked = fieldOf(application, 'operation', 'sync') !== undefined;
  const heals = fieldOf(automated, 'selfHeal') === true;
  const putsBack = tools.recreates && missing.length > 0;
  const syncs = asked || putsBack || (automated !== undefined && (!synced || heals) && (missing.length > 0 || !synced));
  let trouble = tools.failure;
  if (syncs && trouble === undefined)
    try {
      for (const object of asked ? wanted : missing) await kubernetes.apply(object);
      if (missing.length > 0)
        note(`${application.metadata.name}: ${synced ? 'healed' : 'synced'} ${missing.length} objects`);
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
  const done = syncs && trouble === undefined;
  await tell(tools, application, { missing: done ? [] : missing, live, trouble, done, wanted });
}

async function tell(
  { kubernetes, clock }: Tools,
  application: KubernetesObject,
  found: {
    readonly missing: readonly KubernetesObject[];
    readonly live: readonly (KubernetesObject | undefined)[];
    readonly wanted: readonly KubernetesObject[];
    readonly trouble: string | undefined;
    readonly done: boolean;
  },
): Promise<void> {
  const health =
    found.missing.length > 0
      ? 'Missing'
      : found.live.every((object) => object === undefined || isHealthy(object))
        ? 'Healthy'
        : 'Progressing';
  const sync = found.missing.length > 0 ? 'OutOfSync' : 'Synced';
  const phase = found.done
    ? 'Succeeded'
    : found.trouble === undefined
      ? textOf(application, 'status', 'operationState', 'phase')
      : 'Error';
  const brief = (one: unknown): string =>
    [
      textOf(one, 'sync', 'status'),
      textOf(one, 'health', 'status'),
      textOf(one, 'operationState', 'phase'),
      textOf(one, 'operationState', 'message'),
    ].join(' ');
  const status = {
    sync: { status: sync, revision: 'sandbox' },
    health: { status: health },
    resources: found.wanted.map(({ kind, metadata }) => ({ kind, name: metadata.name, namespace: metadata.namespace })),
    ...(phase === undefined
      ? {}
      : { operationState: { phase, message: found.trouble ?? 'successfully synced (all tasks run)' } }),
  };
  const asked = fieldOf(application, 'operation') !== undefined;
  if (!asked && brief(fieldOf(application, 'status')) === brief(status)) return;
  // Application has no status subresource; a merge patch takes the operation away with null.
  await kubernetes.patch(referenceTo(application), {
    ...(asked ? { operation: null } : {}),
    status: { ...status, reconciledAt: new Date(clock.now()).toISOString() },
  });
}

/** Workloads by their counts, a Service of type LoadBalancer and an Ingress by their address; everything else is healthy by being there. */
function isHealthy(object: KubernetesObject): boolean {
  const wanted = numberOf(object, 'spec', 'replicas') ?? 1;
  switch (object.kind) {
    case 'Deployment':
    case 'StatefulSet':
      return (numberOf(object, 'status', 'readyReplicas') ?? 0) >= wanted;
    case 'Ingress':
      return listOf(object, 'status', 'loadBalancer', 'ingress').length > 0;
    case 'Service':
      return (
        textOf(object, 'spec', 'type') !== 'LoadBalancer' ||
        listOf(object, 'status', 'loadBalancer', 'ingress').length > 0
      );
    default:
      return true;
  }
}

function manifestsOf(application: KubernetesObject): readonly KubernetesObject[] {
  const target = textOf(application, 'spec', 'destination', 'namespace');
  const label = application.metadata.name;
  return parseAllDocuments(application.metadata.annotations?.[manifestsAnnotation] ?? '')
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null)
    .map((object) => ({
      ...object,
      metadata: {
        ...(target === undefined ? {} : { namespace: target }),
        ...object.metadata,
        labels: { ...object.metadata.labels, 'argocd.argoproj.io/instance': label },
      },
    }));
}
