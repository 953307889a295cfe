import { isPlatformError, PlatformError } from '../../errors.ts';
import type { ClusterReader, ClusterWriter, KubernetesObject } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import type { StepContext } from '../kit.ts';
import { nameOf } from './drain-world.ts';
import { controllersIn } from './finalizers.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/** Name of policy and binding (templates/teardown/admission-lock.yaml). */
export const lockName = 'platform-teardown';

/** Kinds of the lock; without its binding a policy denies nothing. */
export const lockKinds = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  binding: 'ValidatingAdmissionPolicyBinding',
  policy: 'ValidatingAdmissionPolicy',
} as const;

/** Where pods may still start: what networks and controllers run in, wherever else a known controller was installed. */
const exempt = [
  'kube-system',
  'kube-flannel',
  'calico-system',
  'calico-apiserver',
  'tigera-operator',
  'cert-manager',
  'rabbitmq-system',
] as const;

/** Something that the lock denies, asked as a dry-run. A claim, because no webhook of a controller that may be dead is asked about claims. */
const forbidden: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: `${lockName}-probe`, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

/** Whether the API server denies new things by our policy: the only proof, since it learns of a policy some time after it was stored. */
export async function isLocked(cluster: ClusterReader): Promise<boolean> {
  try {
    await cluster.dryRunCreate(forbidden);
    return false;
  } catch (error) {
    if (isPlatformError(error) && error.code === 'KUBERNETES')
      return error.message.includes(`ValidatingAdmissionPolicy '${lockName}'`);
    throw error;
  }
}

/** Puts the policy up and returns once it denies. */
export async function lockCluster(ctx: StepContext, cluster: ClusterWriter, clusterId: string): Promise<void> {
  const controllers = await controllersIn(cluster);
  const namespaces = [...new Set([...exempt, ...controllers.map(({ namespace }) => namespace)])].toSorted();
  const objects = await ctx.templates.objects('teardown/admission-lock.yaml', {
    cluster_id: clusterId,
    exempt_namespaces: JSON.stringify(namespaces),
  });
  for (const object of objects) {
    ctx.note(`applying ${nameOf(object)}`);
    await cluster.apply(object);
  }
  const since = ctx.clock.monotonic();
  for (;;) {
    stopIfAborted(ctx.signal);
    if (await isLocked(cluster)) return;
    const spell = ctx.clock.monotonic() - since;
    if (spell >= minutes(2)) throw notLocked(spell);
    ctx.note(`waiting until the API server denies new objects (for ${shortSpell(spell)})`);
    await ctx.clock.sleep(pauseAfter(spell), ctx.signal);
  }
}

function notLocked(spell: number): PlatformError {
  return new PlatformError('KUBERNETES', {
    message: `the API server still accepts new objects ${shortSpell(spell)} after ValidatingAdmissionPolicy ${lockName} was stored`,
    next: [
      `kubectl get validatingadmissionpolicy ${lockName} -o yaml: its status names errors in the policy`,
      'platform destroy --cleanup --aws-only: goes on without Kubernetes, by tags',
    ],
  });
}
