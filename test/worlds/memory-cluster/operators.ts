import type { MemoryCluster } from './memory-cluster.ts';
import { type Draft, keyOf, type Stored } from './objects.ts';

const rabbitFinalizer = 'deletion.finalizers.rabbitmqclusters.rabbitmq.com';
const applicationFinalizer = 'resources-finalizer.argocd.argoproj.io';

function runs(cluster: MemoryCluster, kind: string, namespace: string, name: string): boolean {
  const workload = cluster.find(kind, namespace, name);
  return (
    cluster.alive &&
    workload !== undefined &&
    workload.metadata.deletionTimestamp === undefined &&
    workload.spec?.['replicas'] !== 0
  );
}

/** The RabbitMQ cluster operator: a RabbitmqCluster goes when its StatefulSet is told to go. */
export function addRabbitOperator(cluster: MemoryCluster, settings: { readonly delay: number; dead: boolean }): void {
  cluster.watchers.push((change, object) => {
    if (object.kind !== 'RabbitmqCluster' || change !== 'deleting') return;
    cluster.later(settings.delay, () => {
      if (settings.dead || !runs(cluster, 'Deployment', 'rabbitmq-system', 'rabbitmq-cluster-operator')) return;
      const { namespace, name } = object.metadata;
      const workload = cluster.find('StatefulSet', namespace, `${name}-server`);
      if (workload !== undefined) cluster.delete(workload);
      cluster.release(object, [rabbitFinalizer]);
    });
  });
}

/** Argo CD: what an Application owns is made again when it goes, until the Application is suspended or its controller stands still. */
export function addArgo(cluster: MemoryCluster, settings: { readonly delay: number; dead: boolean }): void {
  const alive = (): boolean =>
    !settings.dead && runs(cluster, 'StatefulSet', 'argocd', 'argocd-application-controller');
  const owned = new Map<string, { readonly application: string; readonly draft: Draft }>();
  const heal = (application: Stored): void => {
    const policy = application.spec?.['syncPolicy'] as { automated?: unknown } | undefined;
    if (policy?.automated === undefined || policy.automated === null) return;
    if (application.metadata.deletionTimestamp !== undefined) return;
    for (const [key, one] of owned)
      if (one.application === application.metadata.uid && !cluster.objects.has(key)) cluster.make(one.draft);
  };
  cluster.watchers.push((change, object) => {
    if (object.kind === 'Application' && change === 'made')
      for (const draft of (object['memory/objects'] ?? []) as readonly Draft[])
        owned.set(keyOf(draft.kind, draft.namespace, draft.name), { application: object.metadata.uid, draft });
    if (object.kind === 'Application' && change === 'deleting')
      cluster.later(settings.delay, () => {
        if (!alive()) return;
        for (const [key, one] of owned) {
          const child = cluster.objects.get(key);
          if (one.application === object.metadata.uid && child !== undefined) cluster.delete(child);
        }
        cluster.release(object, [applicationFinalizer]);
      });
    if (change === 'gone') {
      const found = owned.get(keyOf(object.kind, object.metadata.namespace, object.metadata.name));
      const application = cluster.list('Application').find(({ metadata }) => metadata.uid === found?.application);
      if (application !== undefined) cluster.later(settings.delay, () => (alive() ? heal(application) : undefined));
    }
  });
}

export { applicationFinalizer, rabbitFinalizer };
