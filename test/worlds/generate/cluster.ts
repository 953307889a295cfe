import { AlbController } from '../memory-cluster/alb-controller.ts';
import { addCoreControllers } from '../memory-cluster/core-controllers.ts';
import { addEbsDriver, volumeFinalizers } from '../memory-cluster/ebs-driver.ts';
import { type Draft, keyOf, type Stored } from '../memory-cluster/objects.ts';
import { addArgo, addRabbitOperator, applicationFinalizer, rabbitFinalizer } from '../memory-cluster/operators.ts';
import { AccountMaker } from '../memory-aws/maker.ts';
import type { World } from '../world.ts';
import type { Built, Deed } from './account.ts';

/** How the controllers of a cluster are: slow, dead (installed, and no pod of theirs is ready), or gone. */
export interface Controllers {
  readonly alb: { readonly delay: number; readonly dead: boolean; readonly protected: boolean };
  readonly ebs: { readonly delay: number; readonly dead: boolean };
  readonly rabbit: { readonly delay: number; readonly dead: boolean };
  readonly argo: { readonly delay: number; readonly dead: boolean };
}

/** The cluster on our machines with everything that the build installs, and something of a user's. */
export function clusterDeeds(world: World, built: Built, controllers: Controllers): readonly Deed[] {
  const { cluster, helm, clusterId, aws } = world;
  const make = new AccountMaker(aws, { truth: 'ours', why: 'made by a controller of our cluster' });
  const host = `argocd.${world.domain}`;
  let alb: AlbController | undefined;

  const namespace = (name: string): void => {
    cluster.make({ apiVersion: 'v1', kind: 'Namespace', name, finalizers: ['kubernetes'] });
  };
  const workload = (
    kind: 'Deployment' | 'StatefulSet',
    home: string,
    name: string,
    parts: Partial<Draft> & { claims?: readonly string[]; dead?: boolean } = {},
  ): Stored => {
    namespace(home);
    const { claims = [], dead = false, ...rest } = parts;
    const made = cluster.make({
      apiVersion: 'apps/v1',
      kind,
      namespace: home,
      name,
      spec: { replicas: 1 },
      status: { readyReplicas: dead ? 0 : 1 },
      annotations: { 'memory/claims': claims.join(',') },
      ...rest,
    });
    if (made === undefined) throw new TypeError(`${name} could not be made`);
    cluster.make({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: home,
      name: `${name}-0`,
      owner: made,
      spec: {
        nodeName: cluster.list('Node').at(-1)?.metadata.name ?? '',
        volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
      },
    });
    return made;
  };
  const release = (name: string, home: string, chart: string, objects: readonly Stored[]): void =>
    helm.add({
      name,
      namespace: home,
      chart,
      status: world.random.chance(0.1) ? 'failed' : 'deployed',
      objects: objects.map(({ kind, metadata }) => keyOf(kind, metadata.namespace, metadata.name)),
    });
  const claim = (home: string, name: string, retain = false, owner?: Stored): void => {
    namespace(home);
    const made = cluster.make({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      namespace: home,
      name,
      finalizers: ['kubernetes.io/pvc-protection'],
      ...(owner === undefined ? {} : { owner }),
      spec: { storageClassName: 'gp3' },
      status: { phase: 'Bound' },
    });
    if (made === undefined) throw new TypeError(`${name} could not be made`);
    const volume = `pvc-${made.metadata.uid}`;
    made.spec = { ...made.spec, volumeName: volume };
    const disk = make.as(retain ? 'data' : 'ours', `volume of ${home}/${name}${retain ? ', Retain' : ''}`).volume({
      ...world.tags(`${clusterId}-dynamic-${volume}`),
      CSIVolumeName: volume,
      'ebs.csi.aws.com/cluster': 'true',
      'ebs.csi.aws.com/cluster-name': clusterId,
      KubernetesCluster: clusterId,
      'kubernetes.io/created-for/pvc/name': name,
      'kubernetes.io/created-for/pvc/namespace': home,
      'kubernetes.io/created-for/pv/name': volume,
    });
    const machine = built.machines.get('k8s-worker-1') ?? built.machines.get('k8s-master');
    if (machine !== undefined) make.attach(disk, machine.id);
    cluster.make({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      name: volume,
      annotations: { 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' },
      finalizers: volumeFinalizers,
      spec: {
        persistentVolumeReclaimPolicy: retain ? 'Retain' : 'Delete',
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: disk.id },
        claimRef: { kind: 'PersistentVolumeClaim', namespace: home, name, uid: made.metadata.uid },
      },
      status: { phase: 'Bound' },
    });
  };
  const ingress = (home: string, name: string, group?: string): Draft => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    namespace: home,
    name,
    annotations: group === undefined ? {} : { 'alb.ingress.kubernetes.io/group.name': group },
    spec: { ingressClassName: 'alb' },
  });
  const enter = (draft: Draft): void => {
    if (draft.namespace !== undefined) namespace(draft.namespace);
    const made = cluster.make(draft);
    if (made !== undefined) alb?.build(made);
  };

  return [
    [
      'control-plane',
      'control plane',
      () => {
        for (const name of ['kube-system', 'default']) namespace(name);
        for (const [name, machine] of built.machines)
          cluster.make({
            apiVersion: 'v1',
            kind: 'Node',
            name,
            spec: { providerID: `aws:///${aws.region}a/${machine.id}` },
            status: { conditions: [{ type: 'Ready', status: 'True' }] },
          });
        const master = built.machines.get('k8s-master');
        cluster.answers = () => master?.phase === 'live';
        addCoreControllers(cluster);
        addEbsDriver(cluster, aws, { ...controllers.ebs });
        addRabbitOperator(cluster, { ...controllers.rabbit });
        addArgo(cluster, { ...controllers.argo });
        alb = new AlbController(cluster, make, {
          clusterId,
          vpc: built.vpc?.id ?? '',
          subnets: built.subnets.map(({ id }) => id),
          tags: {
            'platform/cluster': clusterId,
            'platform/environment': world.config.environment,
            [`kubernetes.io/cluster/${clusterId}`]: 'owned',
          },
          delay: controllers.alb.delay,
          protected: controllers.alb.protected,
          ...(built.nodes === undefined ? {} : { nodes: built.nodes.id }),
          ...(built.certificate === undefined ? {} : { certificate: built.certificate.id }),
        });
        alb.dead = controllers.alb.dead;
        world.files.set(`${world.config.stateFolder}/kubeconfig`, 'kubeconfig of ours');
      },
    ],
    [
      'control-plane',
      'recorded',
      () =>
        world.record('control-plane', 'kubernetes', cluster.identity.uid, { authority: cluster.identity.authority }),
    ],
    [
      'ebs-csi',
      'volume driver',
      () =>
        release('aws-ebs-csi-driver', 'kube-system', 'aws-ebs-csi-driver-2.50.0', [
          workload('Deployment', 'kube-system', 'ebs-csi-controller', { dead: controllers.ebs.dead }),
        ]),
    ],
    [
      'alb-controller',
      'load balancer controller',
      () =>
        release('aws-load-balancer-controller', 'kube-system', 'aws-load-balancer-controller-3.5.0', [
          workload('Deployment', 'kube-system', 'aws-load-balancer-controller', { dead: controllers.alb.dead }),
        ]),
    ],
    [
      'argocd',
      'Argo CD',
      () =>
        release('argocd', 'argocd', 'argo-cd-8.0.0', [
          workload('Deployment', 'argocd', 'argocd-server'),
          workload('StatefulSet', 'argocd', 'argocd-application-controller', { dead: controllers.argo.dead }),
        ]),
    ],
    [
      'monitoring',
      'monitoring',
      () => {
        claim('monitoring', 'prometheus-db');
        release('prometheus', 'monitoring', 'kube-prometheus-stack-80.0.0', [
          workload('StatefulSet', 'monitoring', 'prometheus', { claims: ['prometheus-db'] }),
        ]);
      },
    ],
    [
      'rabbitmq',
      'RabbitMQ',
      () => {
        workload('Deployment', 'rabbitmq-system', 'rabbitmq-cluster-operator', { dead: controllers.rabbit.dead });
        namespace('messaging');
        const broker = cluster.make({
          apiVersion: 'rabbitmq.com/v1beta1',
          kind: 'RabbitmqCluster',
          namespace: 'messaging',
          name: 'rabbitmq',
          finalizers: [rabbitFinalizer],
        });
        claim('messaging', 'persistence-rabbitmq-server-0', false, broker);
        workload('StatefulSet', 'messaging', 'rabbitmq-server', {
          claims: ['persistence-rabbitmq-server-0'],
          ...(broker === undefined ? {} : { owner: broker }),
        });
      },
    ],
    ['ingress', 'Ingress', () => enter(ingress('argocd', 'argocd', clusterId))],
    [
      'dns',
      'alias',
      () => {
        const balancer = [...aws.of('load-balancer').values()].find(({ truth }) => truth === 'ours');
        make.record(built.zone, { name: host, type: 'A', alias: { name: balancer?.hostname ?? '', zone: 'Z1' } });
      },
    ],
    [
      'dns',
      'owner record',
      () => {
        const name = `_platform-owner.${host}`;
        make.record(built.zone, {
          name,
          type: 'TXT',
          ttl: 300,
          values: [`"heritage=platform,platform/cluster=${clusterId}"`],
        });
      },
    ],
    [
      'dns',
      'recorded',
      () => {
        for (const id of [`${built.zone}/A/${host}`, `${built.zone}/TXT/_platform-owner.${host}`])
          world.record('dns', 'dns-record', id, { owner: clusterId });
      },
    ],
    [
      'a user',
      'a shop',
      () => {
        const drafts = [
          ingress('web', 'shop'),
          { apiVersion: 'v1', kind: 'Service', namespace: 'web', name: 'mail', spec: { type: 'LoadBalancer' } },
        ];
        if (world.random.chance(0.5)) {
          claim('web', 'uploads', world.random.chance(0.5));
          workload('Deployment', 'web', 'shop', { claims: ['uploads'] });
        }
        for (const draft of drafts) enter(draft);
        namespace('argocd');
        cluster.make({
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Application',
          namespace: 'argocd',
          name: 'shop',
          finalizers: [applicationFinalizer],
          spec: { syncPolicy: { automated: { selfHeal: true } } },
          'memory/objects': drafts,
        });
      },
    ],
  ];
}
