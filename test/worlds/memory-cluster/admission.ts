import type { MemoryCluster } from './memory-cluster.ts';

/** How long the API server takes to put a new policy into force. */
const untilEffective = 1500;

/** Pods and what makes them may still start in the namespaces that the text of the policy names. */
const workloads = new Set(['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob']);
const entrances = new Set(['Ingress', 'PersistentVolumeClaim']);

/**
 * Who refuses the creation of an object: a ValidatingAdmissionPolicy with a binding, in force for a moment already. Its expressions are not
 * evaluated: entrances and claims are denied everywhere, workloads outside the namespaces that stand in its text.
 */
export function denial(
  cluster: MemoryCluster,
  object: {
    readonly kind: string;
    readonly metadata: { readonly namespace?: string };
    readonly spec?: Readonly<Record<string, unknown>>;
  },
): string | undefined {
  const isEntrance =
    entrances.has(object.kind) || (object.kind === 'Service' && object.spec?.['type'] === 'LoadBalancer');
  if (!isEntrance && !workloads.has(object.kind)) return undefined;
  for (const policy of cluster.list('ValidatingAdmissionPolicy')) {
    const binding = cluster
      .list('ValidatingAdmissionPolicyBinding')
      .find(({ spec }) => spec?.['policyName'] === policy.metadata.name);
    if (binding === undefined || cluster.ageOf(binding) < untilEffective) continue;
    const named = new RegExp(`["']${object.metadata.namespace ?? ' '}["'\\\\]`).test(
      JSON.stringify([policy.spec, binding.spec]),
    );
    if (!isEntrance && named) continue;
    return `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request`;
  }
  return undefined;
}
