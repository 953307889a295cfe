import { describe, expect, test } from 'vitest';
import { cni } from '../../../src/steps/build/cni.ts';
import { rabbitmq, redis } from '../../../src/steps/build/data-services.ts';
import { etcdBackup } from '../../../src/steps/build/etcd-backup.ts';
import { join } from '../../../src/steps/build/join.ts';
import { nodeBase } from '../../../src/steps/build/node-base.ts';
import { exampleConfig } from '../../helpers/configuration.ts';
import { fakeWorld, specOf } from '../../helpers/fake-world.ts';

const up = { infrastructure: { clusterId: 'shop-prod-x1' } };
const withStorage = exampleConfig();
const { 'k8s-storage': _, ...others } = withStorage.nodes;
const without = { ...withStorage, nodes: others };

describe.each([
  ['rabbitmq', rabbitmq, 'rabbitmq/cluster'],
  ['redis', redis, 'redis/redis'],
] as const)('%s', (id, step, file) => {
  test.each([
    ['with a storage node', withStorage, `${file}-on-storage.yaml`],
    ['without one', without, `${file}.yaml`],
  ])('%s is filled from its own file, image and cluster', async (__, config, wanted) => {
    const asked: unknown[] = [];
    const templates = {
      objects: async (...call: unknown[]): Promise<never[]> => {
        asked.push(call);
        return [];
      },
    };
    const { context } = fakeWorld({ templates }, config);
    await specOf(step).check(context, up as never);
    expect(asked).toEqual([[wanted, { cluster_id: 'shop-prod-x1', [`${id}_image`]: config.versions.images[id] }]]);
    expect(specOf(step).inputs(config, up as never, '')).toEqual({
      image: config.versions.images[id],
      storage: config === withStorage,
      cluster: 'shop-prod-x1',
    });
  });

  test('is a member as its add-on is', () => {
    expect(step.when?.(withStorage as never)).toBe(true);
    expect(step.when?.({ ...withStorage, addons: [] } as never)).toBe(false);
  });
});

test.each([nodeBase, join, cni, etcdBackup])('$id may finish when cancelled, and run again when cut off', (step) => {
  const { onCancel, repeat, retry, timeout, noProgressFor } = specOf(step);
  expect({ onCancel, repeat, retry }).toEqual({
    onCancel: 'drain',
    repeat: 'safe',
    retry: { attempts: 2, firstDelay: 5000, maxDelay: 5000 },
  });
  expect(noProgressFor).toBeLessThan(timeout);
});
