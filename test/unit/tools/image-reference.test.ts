import { describe, expect, test } from 'vitest';
import { imageReference, manifestUrl } from '../../../src/tools/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a reference', () => {
  test.each([
    ['redis', 'docker.io', 'library/redis', 'latest'],
    ['redis:8', 'docker.io', 'library/redis', '8'],
    ['docker.io/library/redis:8.6.4-alpine', 'docker.io', 'library/redis', '8.6.4-alpine'],
    ['grafana/grafana:12', 'docker.io', 'grafana/grafana', '12'],
    ['ghcr.io/rabbitmq/cluster-operator:2.22.3', 'ghcr.io', 'rabbitmq/cluster-operator', '2.22.3'],
    ['localhost:5000/a', 'localhost:5000', 'a', 'latest'],
    ['localhost/a:1', 'localhost', 'a', '1'],
    [`registry.example/a/b/c@${digest}`, 'registry.example', 'a/b/c', digest],
    [`registry.example:443/a__b:1.0@${digest}`, 'registry.example:443', 'a__b', digest],
  ])('%s', (image, registry, repository, reference) => {
    expect(imageReference(image)).toEqual({ registry, repository, reference });
  });

  test.each(['', 'Upper/case:1', 'a b', 'registry.example/', '-a', 'a:b c'])('%j is none', (image) => {
    expect(imageReference(image)).toBeUndefined();
  });
});

describe('its manifest is asked for', () => {
  const url = (image: string, mirrors: Record<string, string> = {}) =>
    manifestUrl(imageReference(image) as never, mirrors).href;

  test('where containerd would', () => {
    expect(url('registry.example/a:1')).toBe('https://registry.example/v2/a/manifests/1');
    expect(url('127.0.0.1:5000/a:1')).toBe('http://127.0.0.1:5000/v2/a/manifests/1');
    expect(url('redis:8')).toBe('https://registry-1.docker.io/v2/library/redis/manifests/8');
  });

  test('at the mirror of its registry, which is told whose image it is', () => {
    const mirrors = { 'docker.io': 'https://mirror.example/hub/' };
    expect(url('redis:8', mirrors)).toBe('https://mirror.example/hub/v2/library/redis/manifests/8?ns=docker.io');
    expect(url('other.example/a:1', mirrors)).toBe('https://other.example/v2/a/manifests/1');
  });
});
