import type { KubernetesObject } from '../../../tools/ports.ts';
import type { Tools } from './controller.ts';
import { listOf, textOf } from './fields.ts';
import { referenceTo } from './kubernetes.ts';

/** A webhook as its configuration holds it, without its address. */
export interface Webhook {
  readonly name: string;
  readonly path: string;
  readonly rules: readonly {
    readonly groups: readonly string[];
    readonly versions: readonly string[];
    readonly resources: readonly string[];
    readonly operations: readonly string[];
  }[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly namespaceSelector?: object;
}

type Kind = 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration';

/**
 * Puts webhooks into the configuration that the stand-in chart installed empty, with the address of the stand-in. Without an authority
 * whoever asks fails with x509, as before the real cainjector has been there. Says whether the configuration exists.
 */
export async function installWebhooks(
  { kubernetes }: Tools,
  kind: Kind,
  name: string,
  webhooksFor: (live: KubernetesObject) => readonly Webhook[],
  address: { readonly host: string; readonly port: number; readonly authority?: string },
): Promise<boolean> {
  const live = await kubernetes.get({ apiVersion: 'admissionregistration.k8s.io/v1', kind, name });
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return false;
  const webhooks = webhooksFor(live).map((webhook) => ({
    name: webhook.name,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 10,
    matchPolicy: 'Equivalent',
    failurePolicy: webhook.failurePolicy,
    ...(webhook.namespaceSelector === undefined ? {} : { namespaceSelector: webhook.namespaceSelector }),
    rules: webhook.rules.map(({ groups, versions, resources, operations }) => ({
      apiGroups: groups,
      apiVersions: versions,
      operations,
      resources,
    })),
    clientConfig: {
      url: `https://${address.host}:${address.port}${webhook.path}`,
      ...(address.authority === undefined ? {} : { caBundle: address.authority }),
    },
  }));
  const brief = (one: unknown): string =>
    [
      textOf(one, 'name'),
      textOf(one, 'failurePolicy'),
      textOf(one, 'clientConfig', 'url'),
      textOf(one, 'clientConfig', 'caBundle'),
    ].join(' ');
  if (listOf(live, 'webhooks').map(brief).join('\n') === webhooks.map(brief).join('\n')) return true;
  await kubernetes.patch(referenceTo(live), { webhooks });
  return true;
}
