import type { ReadContext } from '../kit.ts';
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
    ...(await ctx.templates.objects('rabbitmq-operator/operator.yaml', {
      cluster_id: up.infrastructure.clusterId,
      rabbitmq_operator_image: imageOf(ctx.config, 'rabbitmq-operator'),
    })),
  ],
  ready: [
    crdEstablished('rabbitmqclusters.rabbitmq.com'),
    rolledOut({ kind: 'Deployment', namespace: 'rabbitmq-system', name: 'rabbitmq-cluster-operator' }),
  ],
});

export const rabbitmq = manifestStep({
  ...dataService('rabbitmq', 'rabbitmq/cluster'),
  title: 'RabbitMQ cluster',
  needs: { rabbitmqOperator, storageClass, infrastructure },
  ready: [rabbitmqReady],
});

export const redis = manifestStep({
  ...dataService('redis', 'redis/redis'),
  title: 'Redis',
  needs: { storageClass, infrastructure },
  ready: [rolledOut({ kind: 'StatefulSet', namespace: 'data', name: 'redis' })],
});

/** A service of one image and one file, which has a twin for clusters with a node that is kept for storage. */
function dataService(id: 'rabbitmq' | 'redis', file: string) {
  return {
    id,
    when: (config: PlatformConfig) => config.addons.includes(id),
    inputs: (config: PlatformConfig, up: Cluster) => ({
      image: imageOf(config, id),
      storage: hasStorageNode(config),
      cluster: up.infrastructure.clusterId,
    }),
    objects: (ctx: ReadContext, up: Cluster) =>
      ctx.templates.objects(`${file}${hasStorageNode(ctx.config) ? '-on-storage' : ''}.yaml`, {
        cluster_id: up.infrastructure.clusterId,
        [`${id}_image`]: imageOf(ctx.config, id),
      }),
  };
}

interface Cluster {
  readonly infrastructure: { readonly clusterId: string };
}

function operator(config: PlatformConfig) {
  const pin = config.versions.manifests['rabbitmq-operator'];
  if (pin === undefined)
    throw new PlatformError('CONFIG_INVALID', { message: 'versions.yaml pins no manifests of rabbitmq-operator' });
  return pin;
}

function imageOf(config: PlatformConfig, name: string): string {
  const image = config.versions.images[name];
  if (image === undefined)
    throw new PlatformError('CONFIG_INVALID', { message: `versions.yaml pins no image ${name}` });
  return image;
}
