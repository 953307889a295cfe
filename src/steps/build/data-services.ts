import type { ReadContext } from '../kit.ts';
import { dataServiceTemplate, imageOf } from '../data-service-templates.ts';
import { hasStorageNode } from '../names.ts';
import { crdEstablished } from '../probes/extensions.ts';
import { rabbitmqReady } from '../probes/rabbitmq.ts';
import { rolledOut } from '../probes/workloads.ts';
import type { PlatformConfig } from '../../config/config.ts';
import { storageClass } from './add-ons.ts';
import { infrastructure } from './infrastructure.ts';
import { manifestStep } from './manifest-step.ts';
import { nodesReady } from './nodes-ready.ts';
import { PlatformError } from '../../errors.ts';

export const rabbitmqOperator = manifestStep({
  id: 'rabbitmq-operator',
  title: 'RabbitMQ operator',
  needs: { nodesReady, infrastructure },
  when: (config) => config.addons.includes('rabbitmq'),
  inputs: (config, up) => ({
    version: operator(config).version,
    image: imageOf(config, 'rabbitmq-operator'),
    cluster: up.infrastructure.clusterId,
  }),
  objects: async (ctx, up) => [
    ...(await ctx.downloads.objects(operator(ctx.config).files, ctx.signal)),
    ...(await dataServiceTemplate(ctx, 'rabbitmq-operator', up.infrastructure.clusterId)),
  ],
  ready: [
    crdEstablished('rabbitmqclusters.rabbitmq.com'),
    rolledOut({ kind: 'Deployment', namespace: 'rabbitmq-system', name: 'rabbitmq-cluster-operator' }),
  ],
});

export const rabbitmq = manifestStep({
  ...dataService('rabbitmq'),
  title: 'RabbitMQ cluster',
  needs: { rabbitmqOperator, storageClass, infrastructure },
  ready: [rabbitmqReady],
});

export const redis = manifestStep({
  ...dataService('redis'),
  title: 'Redis',
  needs: { storageClass, infrastructure },
  ready: [rolledOut({ kind: 'StatefulSet', namespace: 'data', name: 'redis' })],
});

/** A service of one image and one file, which has a twin for clusters with a node that is kept for storage. */
function dataService(id: 'rabbitmq' | 'redis') {
  return {
    id,
    when: (config: PlatformConfig) => config.addons.includes(id),
    inputs: (config: PlatformConfig, up: Cluster) => ({
      image: imageOf(config, id),
      storage: hasStorageNode(config),
      cluster: up.infrastructure.clusterId,
    }),
    objects: (ctx: ReadContext, up: Cluster) => dataServiceTemplate(ctx, id, up.infrastructure.clusterId),
  };
}

interface Cluster {
  readonly infrastructure: { readonly clusterId: string };
}

function operator(config: PlatformConfig) {
  const pin = config.versions.manifests['rabbitmq-operator'];
  if (pin === undefined)
    throw new PlatformError('CONFIG_INVALID', {
      message: 'versions.yaml pins no manifests of rabbitmq-operator',
      next: ['add manifests.rabbitmq-operator to versions.yaml'],
    });
  return pin;
}
