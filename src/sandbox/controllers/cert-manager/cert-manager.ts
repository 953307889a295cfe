import type { Clock } from '../../../tools/ports.ts';
import { runningWorkload } from '../shared/controller.ts';
import type { Controller } from '../shared/controller.ts';
import { installWebhooks } from '../shared/webhook-configurations.ts';
import { webhookServer } from '../shared/webhook-server.ts';
import { judge, mutating, validating } from './webhooks.ts';

/** Milliseconds from a ready pod to a webhook that listens, and from there to an authority that is injected. */
const startUp = 600;
const injection = 1_000;

/**
 * Stand-in for cert-manager's webhook and cainjector, with the three states that every installation goes through: nobody listens,
 * somebody listens whom the API server does not trust, and it works. BEHAVIOUR.md says what it leaves out.
 */
export function certManager(clock: Clock, host: string): Controller {
  const server = webhookServer('cert-manager-webhook-ca', clock, host, judge);
  let runningSince: number | undefined;
  let injectingSince: number | undefined;
  let trusted = false;
  return {
    name: 'cert-manager',
    userAgent: 'cert-manager',
    silence: () => server.close(),
    async round(tools) {
      const { kubernetes } = tools;
      const [webhook, injector] = await Promise.all(
        ['cert-manager-webhook', 'cert-manager-cainjector'].map((name) =>
          runningWorkload(kubernetes, 'Deployment', 'cert-manager', name),
        ),
      );
      const now = clock.monotonic();
      runningSince = webhook === undefined ? undefined : (runningSince ?? now);
      injectingSince = injector === undefined || runningSince === undefined ? undefined : (injectingSince ?? now);
      const listens = runningSince !== undefined && now - runningSince >= startUp && tools.failure === undefined;
      await (listens ? server.listen() : server.close());
      // What was injected once stays, whatever becomes of the cainjector.
      trusted ||= injectingSince !== undefined && now - injectingSince >= startUp + injection;
      const address = { host, port: await server.port(), ...(trusted ? { authority: server.authority } : {}) };
      const installed = await installWebhooks(
        tools,
        'ValidatingWebhookConfiguration',
        'cert-manager-webhook',
        () => validating,
        address,
      );
      await installWebhooks(tools, 'MutatingWebhookConfiguration', 'cert-manager-webhook', () => mutating, address);
      if (!installed) trusted = false;
    },
  };
}
