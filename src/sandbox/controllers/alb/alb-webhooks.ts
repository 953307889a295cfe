import type { Clock, KubernetesObject } from '../../../tools/ports.ts';
import type { Tools } from '../shared/controller.ts';
import { recordOf, textOf } from '../shared/fields.ts';
import { installWebhooks } from '../shared/webhook-configurations.ts';
import type { Webhook } from '../shared/webhook-configurations.ts';
import { webhookServer } from '../shared/webhook-server.ts';
import type { Question, Verdict } from '../shared/webhook-server.ts';

const configuration = 'aws-load-balancer-webhook';
const elbv2 = (resource: string) => [
  { groups: ['elbv2.k8s.aws'], versions: ['v1beta1'], resources: [resource], operations: ['CREATE', 'UPDATE'] },
];

const validating: readonly Webhook[] = [
  {
    name: 'vingress.elbv2.k8s.aws',
    path: '/validate-networking-v1-ingress',
    rules: [
      { groups: ['networking.k8s.io'], versions: ['v1'], resources: ['ingresses'], operations: ['CREATE', 'UPDATE'] },
    ],
    failurePolicy: 'Fail',
  },
  {
    name: 'vtargetgroupbinding.elbv2.k8s.aws',
    path: '/validate-elbv2-k8s-aws-v1beta1-targetgroupbinding',
    rules: elbv2('targetgroupbindings'),
    failurePolicy: 'Fail',
  },
  {
    name: 'vingressclassparams.elbv2.k8s.aws',
    path: '/validate-elbv2-k8s-aws-v1beta1-ingressclassparams',
    rules: elbv2('ingressclassparams'),
    failurePolicy: 'Fail',
  },
];

const mutating = (live: KubernetesObject): readonly Webhook[] => {
  const policy = live.metadata.annotations?.['sandbox.platform/service-webhook'];
  return [
    ...(policy === 'Fail' || policy === 'Ignore'
      ? [
          {
            name: 'mservice.elbv2.k8s.aws',
            path: '/mutate-v1-service',
            rules: [{ groups: [''], versions: ['v1'], resources: ['services'], operations: ['CREATE'] }],
            failurePolicy: policy,
          } as const,
        ]
      : []),
    {
      name: 'mtargetgroupbinding.elbv2.k8s.aws',
      path: '/mutate-elbv2-k8s-aws-v1beta1-targetgroupbinding',
      rules: elbv2('targetgroupbindings'),
      failurePolicy: 'Fail',
    },
  ];
};

/** The controller's admission webhooks; its chart brings the certificate itself, so there is no time without an authority. */
export function albWebhooks(clock: Clock, host: string) {
  const server = webhookServer('aws-load-balancer-controller-ca', clock, host, judge);
  return {
    silence: () => server.close(),
    async round(tools: Tools, running: boolean): Promise<void> {
      await (running ? server.listen() : server.close());
      const address = { host, port: await server.port(), authority: server.authority };
      await installWebhooks(tools, 'ValidatingWebhookConfiguration', configuration, () => validating, address);
      await installWebhooks(tools, 'MutatingWebhookConfiguration', configuration, mutating, address);
    },
  };
}

function judge(path: string, { object, operation }: Question): Verdict {
  if (path === '/mutate-v1-service') return classForService(object);
  const annotations = recordOf(object, 'metadata', 'annotations');
  if (path === '/validate-networking-v1-ingress' && operation === 'CREATE') {
    if (
      annotations['kubernetes.io/ingress.class'] !== undefined &&
      textOf(object, 'spec', 'ingressClassName') !== undefined
    )
      return { denied: 'the annotation kubernetes.io/ingress.class and spec.ingressClassName cannot both be set' };
    const group = annotations['alb.ingress.kubernetes.io/group.name'];
    // pkg/ingress/group_loader.go: a DNS-1123 subdomain of at most 63 characters.
    if (typeof group === 'string' && (group.length > 63 || !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(group)))
      return { denied: `invalid ingress group: ${group}` };
  }
  return {};
}

/** A Service of type LoadBalancer without a class becomes this controller's (webhooks/core/service_mutator.go). */
function classForService(service: KubernetesObject): Verdict {
  const wanted =
    textOf(service, 'spec', 'type') === 'LoadBalancer' && textOf(service, 'spec', 'loadBalancerClass') === undefined;
  const other = ['nlb', 'external', 'nlb-ip'].includes(
    service.metadata.annotations?.['service.beta.kubernetes.io/aws-load-balancer-type'] ?? '',
  );
  return wanted && !other
    ? { changes: [{ op: 'add', path: '/spec/loadBalancerClass', value: 'service.k8s.aws/nlb' }] }
    : {};
}
