import type { PlatformConfig } from '../config/config.ts';
import { PlatformError } from '../errors.ts';
import type { KubernetesObject } from '../tools/ports.ts';
import type { ReadContext } from './kit.ts';
import { hasStorageNode } from './names.ts';

type DataService = 'rabbitmq-operator' | 'rabbitmq' | 'redis';

/** The objects of one template, with its image. */
export function dataServiceTemplate(
  { config, templates }: Pick<ReadContext, 'config' | 'templates'>,
  id: DataService,
  clusterId: string,
): Promise<readonly KubernetesObject[]> {
  const twin = hasStorageNode(config) ? '-on-storage' : '';
  const files = {
    'rabbitmq-operator': 'rabbitmq-operator/operator.yaml',
    rabbitmq: `rabbitmq/cluster${twin}.yaml`,
    redis: `redis/redis${twin}.yaml`,
  };
  return templates.objects(files[id], {
    cluster_id: clusterId,
    [`${id.replace('-', '_')}_image`]: imageOf(config, id),
  });
}

/** What the templates of the data services become, all that this configuration has: for the checks before a run. */
export async function dataServiceObjects(
  ctx: Pick<ReadContext, 'config' | 'templates'>,
  clusterId: string,
): Promise<readonly KubernetesObject[]> {
  const ids: readonly DataService[] = [
    ...(ctx.config.addons.includes('rabbitmq') ? (['rabbitmq-operator', 'rabbitmq'] as const) : []),
    ...(ctx.config.addons.includes('redis') ? (['redis'] as const) : []),
  ];
  return (await Promise.all(ids.map((id) => dataServiceTemplate(ctx, id, clusterId)))).flat();
}

/** The pin of an image; without one its step cannot exist. */
export function imageOf(config: PlatformConfig, name: string): string {
  const image = config.versions.images[name];
  if (image === undefined)
    throw new PlatformError('CONFIG_INVALID', {
      message: `versions.yaml pins no image ${name}`,
      next: [`add images.${name} to versions.yaml`],
    });
  return image;
}
