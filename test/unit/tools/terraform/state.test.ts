import { describe, expect, test } from 'vitest';
import { readStored, readStoredOutputs, resourcesIn } from '../../../../src/tools/terraform/state.ts';

const instance = (id: string, more: object = {}) => ({ attributes: { id }, ...more });
const resource = (instances: readonly object[], more: object = {}) => ({
  mode: 'managed',
  type: 'aws_vpc',
  name: 'this',
  instances,
  ...more,
});

describe('resourcesIn', () => {
  test('one, counted, by key and in modules: addresses as Terraform writes them', () => {
    const found = resourcesIn({
      resources: [
        resource([instance('vpc-1')]),
        resource([instance('a', { index_key: 0 }), instance('b', { index_key: 10 })]),
        resource([instance('c', { index_key: 'k8s-master' }), instance('d', { index_key: 'a"${b}' })]),
        resource([instance('e')], { module: 'module.net["x"].module.inner' }),
      ] as never,
    });
    expect(found.map(({ address, id }) => `${address} ${id}`)).toEqual([
      'aws_vpc.this vpc-1',
      'aws_vpc.this[0] a',
      'aws_vpc.this[10] b',
      'aws_vpc.this["k8s-master"] c',
      'aws_vpc.this["a\\"$${b}"] d',
      'module.net["x"].module.inner.aws_vpc.this e',
    ]);
  });

  test('data sources are left out, damaged ones are marked, and an empty state is nothing', () => {
    const found = resourcesIn({
      resources: [
        resource([instance('vpc-1')], { mode: 'data' }),
        resource([instance('vpc-2', { status: 'tainted' })]),
      ] as never,
    });
    expect(found).toEqual([{ address: 'aws_vpc.this', type: 'aws_vpc', id: 'vpc-2', tainted: true }]);
    expect([resourcesIn({}), resourcesIn({ resources: [] })]).toEqual([[], []]);
  });

  test('of what has a name for its id it tells what no later namesake has', () => {
    const role = { mode: 'managed', type: 'aws_iam_role', name: 'node' };
    const found = resourcesIn({
      resources: [
        { ...role, instances: [{ attributes: { id: 'node', unique_id: 'AROA1' } }] },
        { ...role, type: 'aws_key_pair', instances: [{ attributes: { id: 'key', key_pair_id: 'key-1' } }] },
        { ...role, instances: [{ attributes: { id: 'older' } }] },
      ] as never,
    });
    expect(found.map(({ unique }) => unique)).toEqual([{ roleId: 'AROA1' }, { keyPairId: 'key-1' }, undefined]);
  });

  test('what a replacement could not delete yet comes before its successor', () => {
    const found = resourcesIn({
      resources: [resource([instance('new'), instance('old', { deposed: '0a1b2c3d' })])] as never,
    });
    expect(found.map(({ id }) => id)).toEqual(['old', 'new']);
  });

  test('one without an id is told by its ARN, and one without either by nothing', () => {
    const found = resourcesIn({
      resources: [resource([{ attributes: { arn: 'arn:aws:x' } }]), resource([{ attributes: null }])] as never,
    });
    expect(found.map(({ id }) => id)).toEqual(['arn:aws:x', '']);
  });
});

describe('a state read from its bucket', () => {
  const backend = { bucket: 'states', key: 'demo/dev/cluster.tfstate', region: 'eu-west-1' };
  const read = (text: string | undefined, more: object = { backend }) =>
    readStored({ readObject: async () => text }, more);
  const resources = [resource([instance('vpc-1')])];

  test('is what Terraform would print', async () => {
    expect(await read(JSON.stringify({ version: 4, resources }))).toEqual(resourcesIn({ resources }));
    expect(await read(JSON.stringify({ version: 4, resources: [] }))).toEqual([]);
  });

  test('gives its outputs by name; a state without any has none', async () => {
    const outputs = (state: object) =>
      readStoredOutputs({ readObject: async () => JSON.stringify(state) }, { backend });
    const nodes = { value: { master: { id: 'i-1' } }, type: ['object', {}] };
    expect(await outputs({ version: 4, outputs: { nodes, vpc: { value: 'vpc-1', sensitive: true } } })).toEqual({
      nodes: { master: { id: 'i-1' } },
      vpc: 'vpc-1',
    });
    expect(await outputs({ version: 4 })).toEqual({});
    expect(await outputs({ version: 5, outputs: { nodes } })).toBeUndefined();
  });

  test.each([
    ['is not there: the tree may keep it elsewhere', undefined],
    ['is damaged', '{ "version": 4'],
    ['has another format', JSON.stringify({ version: 5, resources })],
    ['is encrypted by the tool itself', JSON.stringify({ encrypted_data: '...' })],
  ])('is left to Terraform where it %s', async (_, text) => {
    expect(await read(text)).toBeUndefined();
  });

  test('is left to Terraform where it cannot be read, is not in a bucket, or nobody can read objects', async () => {
    const denied = { readObject: async () => await Promise.reject(new Error('AccessDenied')) };
    expect(await readStored(denied, { backend })).toBeUndefined();
    expect(await read(JSON.stringify({ version: 4, resources }), {})).toBeUndefined();
    expect(await readStored({}, { backend })).toBeUndefined();
  });
});
