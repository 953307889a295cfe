import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Role } from '../steps/day-two/client-access.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { actingIn } from './acting.ts';
import { endpointFor } from './api-endpoint.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';
import { recordedFacts } from './recorded.ts';
import { learnIdentity } from './verb-run.ts';

interface KubeconfigOptions extends CommonOptions {
  readonly lifetime: string;
  readonly role?: Role;
  readonly group?: readonly string[];
  readonly user?: string;
  readonly context?: string;
  readonly out?: string;
  readonly merge?: boolean;
  readonly localPort: number;
}

/**
 * Lets the caller into the cluster as a user of their own, for a limited time. The private key is made here and never leaves; the administrator's
 * credential is used to approve the certificate and is never handed out.
 */
export async function kubeconfig(host: Host, options: KubeconfigOptions): Promise<number> {
  const [{ config }, access] = await Promise.all([
    loadConfigurationOf(host, options),
    import('../steps/day-two/client-access.ts'),
  ]);
  if (options.merge === true && options.out !== undefined)
    throw new PlatformError('USAGE', { message: '--merge and --out are two places', next: ['leave one of them out'] });
  const lifetime = access.readLifetime(options.lifetime);
  const groups = access.groupsOf(options.role, options.group ?? []);
  const signal = abortOnSignal(host);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const recorded = await recordedFacts(environment);
    if (!recorded.hasCluster)
      throw new PlatformError('NEEDS_NOT_MET', {
        message: `no control plane of ${config.environment} is on record: nobody could tell which cluster it must be`,
        next: [`platform up --env ${config.environment}`],
      });
    learnIdentity(environment, recorded.state);
    const [{ makeRequest }, { expiryOf }] = await Promise.all([
      import('../tools/certificate-request.ts'),
      import('../tools/certificate-facts.ts'),
    ]);
    const say = (text: string): void => host.stderr.write(`${text}\n`);
    const ctx = actingIn(environment, signal, say);
    const endpoint = await endpointFor(environment, recorded, options.localPort, signal);
    const user = options.user ?? `${environment.host.user}@${environment.host.host}`;
    const context = options.context ?? recorded.clusterId;
    const { deliver, refuseTaken } = await import('./kubeconfig-delivery.ts');
    await refuseTaken(host, environment, options, { context, user, clusterId: recorded.clusterId });
    const { key, request } = makeRequest({ user, groups });
    const cluster = await ctx.cluster();
    for (const role of access.roles.filter((one) => groups.includes(`platform:${one}`)))
      await cluster.apply(access.bindingFor(role));
    const letters = Math.floor(ctx.random.next() * 36 ** 6).toString(36);
    const name = `platform-${user.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${letters}`;
    const certificate = await cluster.signClient({ name, request, lifetime }, signal);
    const expires = expiryOf(certificate);
    const entry = { ...endpoint, context, user, certificate, key, clusterId: recorded.clusterId, expires };
    await deliver(host, environment, options, { entry, groups, request: name });
    say(`${user} of ${groups.join(', ')} may use ${context} at ${endpoint.server} until ${expires}`);
    if (endpoint.tunnel !== undefined)
      say(`The API is reached through SSH only. Keep this open beside your work:\n  ${endpoint.tunnel}`);
    return 0;
  } finally {
    await environment.close();
  }
}
