import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compareRelease } from '../../../src/tools/helm-compare.ts';
import type { ClusterReader, KubernetesObject } from '../../../src/tools/ports-cluster.ts';

const wanted = {
  name: 'web',
  namespace: 'shop',
  repository: 'https://charts.example.com',
  chart: 'web',
  version: 'v1.2.0',
  values: 'size: 2\npassword: new\n',
};
const stored = (more: object = {}) => ({
  version: 1,
  info: { status: 'deployed' },
  chart: { metadata: { name: 'web', version: '1.2.0' } },
  config: { size: 2, password: 'new' },
  manifest: '',
  ...more,
});

function secret(release: { readonly version: number }): KubernetesObject {
  const inner = gzipSync(JSON.stringify(release)).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `sh.helm.release.v1.web.v${release.version}`, labels: { version: String(release.version) } },
    data: { release: Buffer.from(inner).toString('base64') },
  };
}

/** A cluster that holds these revisions and takes every dry-run as unchanged, noting what it was asked. */
function clusterWith(...releases: readonly { readonly version: number }[]) {
  const asked: { object: KubernetesObject; manager: string | undefined }[] = [];
  const cluster = {
    list: async () => releases.map(secret),
    dryRunApply: async (object: KubernetesObject, manager?: string) => {
      asked.push({ object, manager });
      return { result: 'same', because: '' };
    },
  } as unknown as ClusterReader;
  return { cluster, asked };
}

describe('the state of a release', () => {
  test.each([
    ['nothing stored', [], { is: 'absent' }],
    ['uninstalled with its history kept', [stored({ info: { status: 'uninstalled' } })], { is: 'absent' }],
    ['as wanted; a v before the version is no difference', [stored()], { is: 'current' }],
    [
      'cut off',
      [
        stored(),
        stored({ version: 10, info: { status: 'pending-upgrade' } }),
        stored({ version: 9, info: { status: 'superseded' } }),
      ],
      { is: 'pending', status: 'pending-upgrade' },
    ],
    [
      'failed',
      [stored({ info: { status: 'failed', description: 'Upgrade "web" failed: no' } })],
      { is: 'failed', because: 'Upgrade "web" failed: no' },
    ],
    [
      'another chart',
      [stored({ chart: { metadata: { name: 'other', version: '1.2.0' } } })],
      { is: 'differs', because: 'the chart is other instead of web' },
    ],
    [
      'another version',
      [stored({ chart: { metadata: { name: 'web', version: '1.1.0' } } })],
      { is: 'differs', because: 'the chart web is 1.1.0 instead of v1.2.0' },
    ],
    [
      'other values, without telling what may be secret',
      [stored({ config: { size: 1, password: 'old' } })],
      { is: 'differs', because: 'values: size is 1 instead of 2, password differs' },
    ],
  ])('%s', async (_, releases, expected) => {
    expect(await compareRelease(clusterWith(...releases).cluster, wanted)).toEqual(expected);
  });
});

test('objects are asked about as Helm sends them, lists item by item', async () => {
  const manifest = [
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels: { app: web }',
    '# an empty document',
    'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: { name: b, namespace: other }',
    'apiVersion: v1\nkind: List\nitems:\n- { apiVersion: apps/v1, kind: Deployment, metadata: { name: c } }',
  ].join('\n---\n');
  const { cluster, asked } = clusterWith(stored({ manifest }));
  expect(await compareRelease(cluster, wanted)).toEqual({ is: 'current' });
  const annotations = { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' };
  const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
  expect(asked).toEqual([
    {
      manager: 'helm',
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a', namespace: 'shop', labels: { app: 'web', ...labels }, annotations },
      },
    },
    {
      manager: 'helm',
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'other', labels, annotations } },
    },
    {
      manager: 'helm',
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'c', namespace: 'shop', labels, annotations },
      },
    },
  ]);
});
