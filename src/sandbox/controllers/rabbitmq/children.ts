import { randomBytes } from 'node:crypto';
import type { KubernetesObject } from '../../../tools/ports.ts';
import { fieldOf, listOf, numberOf, recordOf, textOf } from '../shared/fields.ts';

/** Labels of everything that belongs to a cluster (internal/metadata/label.go). */
const selectorOf = (name: string) => ({ 'app.kubernetes.io/name': name });
const labelsOf = (name: string) => ({
  ...selectorOf(name),
  'app.kubernetes.io/component': 'rabbitmq',
  'app.kubernetes.io/part-of': 'rabbitmq',
});

export const childName = (cluster: KubernetesObject, suffix: string): string => `${cluster.metadata.name}-${suffix}`;

function child(cluster: KubernetesObject, apiVersion: string, kind: string, name: string): KubernetesObject {
  const { namespace = 'default', uid } = cluster.metadata;
  const owner = {
    apiVersion: cluster.apiVersion,
    kind: cluster.kind,
    name: cluster.metadata.name,
    uid,
    controller: true,
  };
  const metadata = {
    name,
    namespace,
    labels: labelsOf(cluster.metadata.name),
    ownerReferences: [{ ...owner, blockOwnerDeletion: true }],
  };
  return { apiVersion, kind, metadata };
}

/** Secrets are made once and never changed: another password would lock out everybody who has the first. */
export function secrets(cluster: KubernetesObject): readonly KubernetesObject[] {
  const { name, namespace = 'default' } = cluster.metadata;
  const username = `default_user_${randomBytes(9).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  const host = `${name}.${namespace}.svc`;
  return [
    {
      ...child(cluster, 'v1', 'Secret', childName(cluster, 'default-user')),
      type: 'Opaque',
      stringData: {
        username,
        password,
        host,
        port: '5672',
        provider: 'rabbitmq',
        type: 'rabbitmq',
        connection_string: `amqp://${username}:${password}@${host}:5672/`,
        'default_user.conf': `default_user = ${username}\ndefault_pass = ${password}\n`,
      },
    },
    {
      ...child(cluster, 'v1', 'Secret', childName(cluster, 'erlang-cookie')),
      type: 'Opaque',
      stringData: { '.erlang.cookie': randomBytes(24).toString('base64url') },
    },
  ];
}

/** Everything else of a cluster, in the order in which the operator makes it (internal/resource/rabbitmq_resource_builder.go). */
export function children(cluster: KubernetesObject): readonly KubernetesObject[] {
  const { name } = cluster.metadata;
  const server = childName(cluster, 'server');
  const extra = textOf(cluster, 'spec', 'rabbitmq', 'additionalConfig') ?? '';
  return [
    {
      ...child(cluster, 'v1', 'Service', childName(cluster, 'nodes')),
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: selectorOf(name),
        ports: [port('epmd', 4369), port('cluster-rpc', 25672)],
      },
    },
    {
      ...child(cluster, 'v1', 'ConfigMap', childName(cluster, 'plugins-conf')),
      data: { enabled_plugins: '[rabbitmq_peer_discovery_k8s,rabbitmq_prometheus,rabbitmq_management].' },
    },
    {
      ...child(cluster, 'v1', 'ConfigMap', childName(cluster, 'server-conf')),
      data: {
        'operatorDefaults.conf': `cluster_name = ${name}\nqueue_master_locator = min-masters\n`,
        'userDefinedConfiguration.conf': extra,
      },
    },
    { ...child(cluster, 'v1', 'ServiceAccount', server) },
    {
      ...child(cluster, 'rbac.authorization.k8s.io/v1', 'Role', childName(cluster, 'peer-discovery')),
      rules: [
        { apiGroups: [''], resources: ['endpoints'], verbs: ['get'] },
        { apiGroups: [''], resources: ['events'], verbs: ['create'] },
      ],
    },
    {
      ...child(cluster, 'rbac.authorization.k8s.io/v1', 'RoleBinding', server),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: childName(cluster, 'peer-discovery') },
      subjects: [{ kind: 'ServiceAccount', name: server, namespace: cluster.metadata.namespace }],
    },
    {
      ...child(cluster, 'v1', 'Service', name),
      spec: {
        type: textOf(cluster, 'spec', 'service', 'type') ?? 'ClusterIP',
        selector: selectorOf(name),
        ports: [port('amqp', 5672), port('management', 15672), port('prometheus', 15692)],
      },
    },
    statefulSet(cluster),
  ];
}

const port = (name: string, number: number) => ({ name, port: number, targetPort: number, protocol: 'TCP' });

function statefulSet(cluster: KubernetesObject): KubernetesObject {
  const { name, namespace = 'default', uid } = cluster.metadata;
  const server = childName(cluster, 'server');
  const spec = recordOf(cluster, 'spec');
  const image = textOf(spec, 'image');
  const affinity = fieldOf(spec, 'affinity');
  const storage = fieldOf(spec, 'persistence', 'storage') ?? '10Gi';
  const storageClassName = textOf(spec, 'persistence', 'storageClassName');
  // Storage 0 is the operator's way to ask for none.
  const ephemeral = storage === '0' || storage === 0 || fieldOf(spec, 'persistence', 'emptyDir') !== undefined;
  return {
    ...child(cluster, 'apps/v1', 'StatefulSet', server),
    spec: {
      replicas: numberOf(spec, 'replicas') ?? 1,
      serviceName: childName(cluster, 'nodes'),
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: selectorOf(name) },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      template: {
        metadata: {
          labels: labelsOf(name),
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '15692' },
        },
        spec: {
          serviceAccountName: server,
          automountServiceAccountToken: true,
          terminationGracePeriodSeconds: numberOf(spec, 'terminationGracePeriodSeconds') ?? 604_800,
          securityContext: { fsGroup: 0, runAsUser: 999 },
          ...(affinity === undefined ? {} : { affinity }),
          tolerations: listOf(spec, 'tolerations'),
          initContainers: [{ name: 'setup-container', image: image ?? 'rabbitmq', command: ['sh', '-c', 'true'] }],
          containers: [
            {
              name: 'rabbitmq',
              image: image ?? 'rabbitmq',
              ports: [
                { name: 'epmd', containerPort: 4369 },
                { name: 'amqp', containerPort: 5672 },
                { name: 'management', containerPort: 15_672 },
                { name: 'prometheus', containerPort: 15_692 },
              ],
              readinessProbe: {
                tcpSocket: { port: 'amqp' },
                initialDelaySeconds: 10,
                periodSeconds: 10,
                timeoutSeconds: 5,
              },
              resources: recordOf(spec, 'resources'),
              volumeMounts: [{ name: 'persistence', mountPath: '/var/lib/rabbitmq/mnesia/' }],
            },
          ],
          ...(ephemeral ? { volumes: [{ name: 'persistence', emptyDir: {} }] } : {}),
        },
      },
      ...(ephemeral
        ? {}
        : {
            volumeClaimTemplates: [
              {
                apiVersion: 'v1',
                kind: 'PersistentVolumeClaim',
                // Owned by the cluster, so that its claims go with it.
                metadata: {
                  name: 'persistence',
                  namespace,
                  labels: labelsOf(name),
                  ownerReferences: [
                    {
                      apiVersion: cluster.apiVersion,
                      kind: cluster.kind,
                      name,
                      uid,
                      controller: true,
                      blockOwnerDeletion: false,
                    },
                  ],
                },
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  resources: { requests: { storage } },
                  ...(storageClassName === undefined ? {} : { storageClassName }),
                },
              },
            ],
          }),
    },
  };
}
