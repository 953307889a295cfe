import { isPlatformError } from '../../errors.ts';
import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe } from '../kit.ts';
import { conditionOf, listOf, textOf } from './fields.ts';

/** A CustomResourceDefinition that the API server serves (catalogue D5, D13). */
export const crdEstablished = (name: string): PlatformProbe<unknown> => ({
  name: `CRD ${name} established`,
  every: seconds(5),
  within: minutes(3),
  test: async (ctx) => {
    const crd = await (await ctx.cluster()).get({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name,
    });
    if (crd === undefined) return { is: 'waiting', because: `CRD ${name} does not exist yet` };
    const accepted = conditionOf(crd, 'NamesAccepted');
    if (accepted?.status === 'False')
      return { is: 'failed', because: accepted.message ?? 'its names are taken by another CRD' };
    return conditionOf(crd, 'Established')?.status === 'True'
      ? { is: 'ready' }
      : { is: 'waiting', because: `CRD ${name} is not established yet` };
  },
});

/** An aggregated API such as metrics.k8s.io answers (catalogue C22). */
export const apiAvailable = (name: string): PlatformProbe<unknown> => ({
  name: `API ${name} available`,
  every: seconds(10),
  within: minutes(5),
  noProgressFor: minutes(4),
  test: async (ctx) => {
    const service = await (await ctx.cluster()).get({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      name,
    });
    if (service === undefined) return { is: 'waiting', because: `APIService ${name} does not exist yet` };
    const available = conditionOf(service, 'Available');
    return available?.status === 'True'
      ? { is: 'ready' }
      : { is: 'waiting', because: available?.message ?? `APIService ${name} is not available yet` };
  },
});

/** The CSI driver is registered on every node of the topology, not only deployed. */
export const driverOnEveryNode = (driver: string): PlatformProbe<unknown> => ({
  name: `CSI driver ${driver} on every node`,
  every: seconds(10),
  within: minutes(5),
  noProgressFor: minutes(4),
  test: async (ctx) => {
    const cluster = await ctx.cluster();
    if ((await cluster.get({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: driver })) === undefined)
      return { is: 'waiting', because: `CSIDriver ${driver} does not exist yet` };
    const nodes = await cluster.list({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode' });
    const registered = nodes
      .filter((node) => listOf(node, 'spec', 'drivers').some((one) => textOf(one, 'name') === driver))
      .map((node) => node.metadata.name);
    const missing = Object.keys(ctx.config.nodes).filter((name) => !registered.includes(name));
    return missing.length === 0
      ? { is: 'ready', because: `registered on ${registered.length} nodes` }
      : { is: 'waiting', because: `not registered on ${missing.join(', ')}` };
  },
});

/**
 * cert-manager's webhook really serves: an invalid Certificate is denied by it by name, a valid one passes. What
 * `cmctl check api` asks; a Deployment that is Available is not enough (catalogue D2).
 */
export const certManagerAnswers: PlatformProbe<unknown> = {
  name: 'cert-manager webhook answers',
  every: seconds(5),
  within: minutes(5),
  noProgressFor: minutes(4),
  test: async (ctx) => {
    const cluster = await ctx.cluster();
    for (const [file, deny] of [
      ['cert-manager/probe-accepted.yaml', false],
      ['cert-manager/probe-denied.yaml', true],
    ] as const) {
      for (const object of await ctx.templates.objects(file, {})) {
        try {
          await cluster.dryRunCreate(object);
          if (deny)
            return { is: 'waiting', because: 'an invalid Certificate was let through: the webhook is not asked yet' };
        } catch (error) {
          if (!isPlatformError(error)) throw error;
          if (!(deny && error.message.includes('webhook.cert-manager.io') && error.message.includes('denied')))
            return { is: 'waiting', because: webhookReason(error.message) };
        }
      }
    }
    return { is: 'ready', because: 'accepts what is valid and denies what is not' };
  },
};

/** The four ways in which the webhook is not there yet (cert-manager pkg/util/cmapichecker). */
function webhookReason(message: string): string {
  if (/no matches for kind|could not find the requested resource|does not exist in/.test(message))
    return 'its CRDs are not served yet';
  if (/service ".*" not found/.test(message)) return 'its Service does not exist yet';
  if (/connection refused|no endpoints available|i\/o timeout|deadline exceeded/.test(message))
    return `nothing answers at its Service yet (${message.slice(-80)})`;
  if (/x509|certificate/.test(message)) return 'its certificate authority is not injected yet';
  return message;
}
