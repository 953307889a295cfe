import { expect, test } from 'vitest';
import { differences, summarize } from '../../../../src/tools/kube/compare.ts';
import type { KubernetesObject } from '../../../../src/tools/ports-cluster.ts';

const object = (spec: unknown, extra: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'x', ...extra },
  spec,
});

test('bookkeeping and status are no difference', () => {
  const live = {
    ...object({ a: [1] }, { resourceVersion: '1', generation: 1, managedFields: [{ manager: 'a' }] }),
    status: { ready: 1 },
  };
  const dry = {
    ...object({ a: [1] }, { resourceVersion: '1', generation: 2, managedFields: [{ manager: 'b' }] }),
    status: { ready: 2 },
  };
  expect(differences(live, dry)).toEqual([]);
});

test('numbers, booleans and images are shown, strings are not', () => {
  const live = object({ replicas: 3, paused: true, password: 'old', image: 'web:1', gone: 1 });
  const dry = object({ replicas: 2, paused: false, password: 'new', image: 'web:2', added: 1 });
  expect(differences(live, dry)).toEqual([
    'spec.replicas is 3 instead of 2',
    'spec.paused is true instead of false',
    'spec.password differs',
    'spec.image is web:1 instead of web:2',
    'spec.gone would be removed',
    'spec.added is missing',
  ]);
});

test('lists are compared by index, and a list is not an object', () => {
  expect(differences(object({ a: [{ b: 1 }, 2] }), object({ a: [{ b: 1 }] }))).toEqual(['spec.a[1] would be removed']);
  expect(differences(object({ a: [] }), object({ a: {} }))).toEqual(['spec.a differs']);
});

test('a summary names three', () => {
  expect(summarize(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  expect(summarize(['a'])).toBe('a');
});
