import { describe, expect, test } from 'vitest';
import { controllersIn, holdsOf, serverOf, stuckNamespace } from '../../../../src/steps/teardown/finalizers.ts';
import { deployment, MemoryCluster, thing } from './drain-cluster.ts';

test.each([
  ['ingress.k8s.aws/resources', 'aws-load-balancer-controller'],
  ['group.ingress.k8s.aws/shop-dev-abcde', 'aws-load-balancer-controller'],
  ['service.k8s.aws/resources', 'aws-load-balancer-controller'],
  ['elbv2.k8s.aws/resources', 'aws-load-balancer-controller'],
  ['gateway.k8s.aws/alb', 'aws-load-balancer-controller'],
  ['gateway.k8s.aws/nlb', 'aws-load-balancer-controller'],
  ['aga.k8s.aws/resources', 'aws-load-balancer-controller'],
  ['service.kubernetes.io/load-balancer-cleanup', 'aws-cloud-controller-manager'],
  ['external-provisioner.volume.kubernetes.io/finalizer', 'ebs-csi-controller'],
  ['external-attacher/ebs-csi-aws-com', 'ebs-csi-controller'],
  ['deletion.finalizers.rabbitmqclusters.rabbitmq.com', 'rabbitmq-cluster-operator'],
  ['deletion.finalizers.queues.rabbitmq.com', 'messaging-topology-operator'],
  ['resources-finalizer.argocd.argoproj.io/background', 'argocd-application-controller'],
  ['finalizers.fluxcd.io', 'kustomize-controller'],
  ['karpenter.sh/termination', 'karpenter'],
  ['kubernetes.io/pvc-protection', undefined],
])('%s is served by %s', (finalizer, controller) => {
  expect(serverOf(finalizer)).toBeDefined();
  expect(serverOf(finalizer)?.workloads[0]).toBe(controller);
});

describe('what keeps an object', () => {
  const held = (finalizer: string) =>
    thing('networking.k8s.io/v1 Ingress', 'web/shop', {
      deletionTimestamp: '2026-01-01T00:00:00Z',
      finalizers: [finalizer],
    });
  const lbc = (ready: number) => [{ name: 'aws-load-balancer-controller', namespace: 'kube-system', ready }];

  test.each([
    ['served', lbc(1), 'waits for finalizer ingress.k8s.aws/resources of aws-load-balancer-controller'],
    [
      'silent',
      lbc(0),
      'waits for finalizer ingress.k8s.aws/resources, whose controller aws-load-balancer-controller has no ready pod',
    ],
    [
      'orphaned',
      [],
      'waits for finalizer ingress.k8s.aws/resources, whose controller aws-load-balancer-controller is not installed',
    ],
  ])('%s', (is, controllers, because) => {
    expect(holdsOf(held('ingress.k8s.aws/resources'), controllers)).toEqual([
      { finalizer: 'ingress.k8s.aws/resources', is, because },
    ]);
  });

  test('a finalizer that nobody knows is a stranger, one of Kubernetes itself is always served', () => {
    expect(holdsOf(held('acme.io/x'), [])).toMatchObject([{ is: 'stranger' }]);
    expect(holdsOf(held('kubernetes.io/pvc-protection'), [])).toMatchObject([{ is: 'served' }]);
  });

  test('nothing, as long as nobody deleted it', () => {
    expect(holdsOf(thing('Service', 'a/b', { finalizers: ['service.k8s.aws/resources'] }), [])).toEqual([]);
  });
});

test('controllers are found by name or by label, in any namespace; one that is being deleted serves nobody', async () => {
  const labels = { 'app.kubernetes.io/name': 'keda-operator' };
  const cluster = new MemoryCluster([
    deployment('edge/aws-load-balancer-controller', 1),
    deployment('shop/web', 3),
    thing('apps/v1 Deployment', 'keda/my-keda', { labels }, { status: { readyReplicas: 2 } }),
    thing(
      'apps/v1 StatefulSet',
      'argocd/argocd-application-controller',
      { deletionTimestamp: 'x', finalizers: ['y'] },
      {
        status: { readyReplicas: 1 },
      },
    ),
  ]);
  expect(await controllersIn(cluster.port)).toEqual([
    { name: 'aws-load-balancer-controller', namespace: 'edge', ready: 1 },
    { name: 'keda-operator', namespace: 'keda', ready: 2 },
    { name: 'argocd-application-controller', namespace: 'argocd', ready: 0 },
  ]);
});

test('a namespace that hangs says why', () => {
  const conditions = [
    { type: 'NamespaceDeletionContentFailure', status: 'False', message: 'fine' },
    { type: 'NamespaceContentRemaining', status: 'True', message: 'Some resources are remaining: ingresses has 1' },
    {
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      message: 'ingress.k8s.aws/resources in 1 resource instances',
    },
  ];
  const namespace = thing('Namespace', 'shop', { deletionTimestamp: 'x' }, { status: { conditions } });
  expect(stuckNamespace(namespace)).toEqual([
    'Namespace shop NamespaceContentRemaining: Some resources are remaining: ingresses has 1',
    'Namespace shop NamespaceFinalizersRemaining: ingress.k8s.aws/resources in 1 resource instances',
  ]);
  expect(stuckNamespace(thing('Namespace', 'shop', {}, { status: { conditions } }))).toEqual([]);
});
