import { describe, expect, test } from 'vitest';
import { type Asking, unionOf } from '../../../../../src/tools/aws/estate/ec2-union.ts';

interface Found {
  readonly id: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

const scope = { cluster: 'demo', vpcs: ['vpc-1'], recorded: { subnet: ['subnet-9'] } };
const ours = [{ Key: 'platform/cluster', Value: 'demo' }];

function question(asked: string[] = []) {
  return {
    asked,
    kind: 'subnet' as const,
    byVpc: 'vpc-id',
    byId: 'subnet-id',
    idOf: ({ id }: Found) => id,
    ask: async (filters: readonly { Name?: string | undefined; Values?: string[] | undefined }[]) => {
      asked.push(
        filters.map(({ Name, Values = [] }) => `${Name}=${Values.length > 3 ? Values.length : Values.join()}`).join(),
      );
      if (filters[0]?.Name === 'vpc-id') return [{ id: 'subnet-1', Tags: ours }];
      return (filters[0]?.Values ?? [])
        .filter((value) => value.startsWith('subnet-'))
        .map((id): Found => ({ id, Tags: id === 'subnet-9' ? [] : ours }));
    },
  };
}

/** An EC2 whose search by tags shows these. */
function ec2(
  asked: string[],
  tags: readonly (readonly [id: string, key: string, value: string])[] = [],
  failures = 0,
): Asking {
  let left = failures;
  return {
    sdk: { DescribeTagsCommand: Object } as unknown as Asking['sdk'],
    client: {} as Asking['client'],
    send: (async (action: string) => {
      asked.push(action);
      left -= 1;
      if (left >= 0) throw new Error('not now');
      return { Tags: tags.map(([ResourceId, Key, Value]) => ({ ResourceId, Key, Value })) };
    }) as Asking['send'],
  };
}

const never = ec2([]);

test('a listing by itself asks by VPC, by tags, and by the ids of what is recorded and was not found', async () => {
  const subnets = question();
  await unionOf<Found>(never, scope, subnets);
  expect(subnets.asked).toEqual([
    'vpc-id=vpc-1',
    'tag-key=platform/cluster,kubernetes.io/cluster/demo,elbv2.k8s.aws/cluster',
    'subnet-id=subnet-9',
  ]);
});

test('who wants some only costs one call for two hundred of them', async () => {
  const few = question();
  const some = await unionOf<Found>(never, { ...scope, only: ['subnet-1', 'subnet-2'] }, few);
  expect(some.map(({ id }) => id)).toEqual(['subnet-1', 'subnet-2']);
  expect(few.asked).toEqual(['subnet-id=subnet-1,subnet-2']);
  const many = question();
  const ids = Array.from({ length: 250 }, (_, index) => `subnet-${index}`);
  await unionOf<Found>(never, { ...scope, only: ids }, many);
  expect(many.asked).toEqual(['subnet-id=200', 'subnet-id=50']);
});

test('who wants what stands in the recorded VPCs costs one call, where one is recorded', async () => {
  const subnets = question();
  await unionOf<Found>(never, { ...scope, near: true }, subnets);
  expect(subnets.asked).toEqual(['vpc-id=vpc-1']);
  const nowhere = question();
  await unionOf<Found>(never, { ...scope, vpcs: [], near: true }, nowhere);
  expect(nowhere.asked).toHaveLength(2);
});

describe('in a look', () => {
  test('one search by tags serves all kinds, and only what it shows beyond the VPC is asked for, with the recorded', async () => {
    const asked: string[] = [];
    const account = ec2(asked, [
      ['subnet-1', 'platform/cluster', 'demo'],
      ['subnet-2', 'kubernetes.io/cluster/demo', 'shared'],
      ['subnet-3', 'platform/cluster', 'demo-2'],
      ['subnet-4', 'kubernetes.io/cluster/demo-2', 'owned'],
      ['vol-1', 'elbv2.k8s.aws/cluster', 'demo'],
    ]);
    const look = {};
    const found = await unionOf<Found>(account, { ...scope, look }, question(asked));
    expect(found.map(({ id }) => id).sort()).toEqual(['subnet-1', 'subnet-2', 'subnet-9']);
    const volumes = { ...question(asked), kind: 'volume' as const, byId: 'volume-id' };
    await unionOf<Found>(account, { ...scope, recorded: {}, look }, { ...volumes, byVpc: 'attachment' });
    expect(asked).toEqual([
      'vpc-id=vpc-1',
      'DescribeTags',
      'subnet-id=subnet-9,subnet-2',
      'attachment=vpc-1',
      'volume-id=vol-1',
    ]);
  });

  test('what the search shows and its own listing does not call ours any more is left out', async () => {
    const account = ec2([], [['subnet-2', 'platform/cluster', 'demo']]);
    const retagged = { ...question(), ask: async () => [{ id: 'subnet-2', Tags: [] }] };
    expect(await unionOf<Found>(account, { ...scope, vpcs: [], recorded: {}, look: {} }, retagged)).toEqual([]);
  });

  test('the next look asks anew', async () => {
    const asked: string[] = [];
    for (let round = 0; round < 2; round += 1)
      await unionOf<Found>(ec2(asked), { ...scope, look: {} }, question(asked));
    expect(asked.filter((one) => one === 'DescribeTags')).toHaveLength(2);
  });

  test('a search that fails is asked again by whoever comes next', async () => {
    const asked: string[] = [];
    const account = ec2(asked, [], 1);
    const look = {};
    await expect(unionOf<Found>(account, { ...scope, look }, question(asked))).rejects.toThrow('not now');
    expect(await unionOf<Found>(account, { ...scope, look }, question(asked))).toHaveLength(2);
  });

  test('key pairs are found by the id that their tags are kept under', async () => {
    const asked: string[] = [];
    const account = ec2(asked, [
      ['key-1', 'platform/cluster', 'demo'],
      ['key-2', 'platform/cluster', 'demo'],
    ]);
    const pairs = {
      kind: 'key-pair' as const,
      byId: 'key-name',
      byName: { Name: 'key-name', Values: ['demo-*'] },
      idOf: ({ id }: Found) => id,
      taggedAs: { idOf: ({ id }: Found) => (id === 'demo-key' ? 'key-1' : 'key-2'), byId: 'key-pair-id' },
      ask: async ([filter]: readonly { Name?: string | undefined; Values?: string[] | undefined }[]) => {
        asked.push(`${filter?.Name}=${filter?.Values?.join()}`);
        return filter?.Name === 'key-name' ? [{ id: 'demo-key' }] : [{ id: 'other', Tags: ours }];
      },
    };
    const found = await unionOf<Found>(account, { cluster: 'demo', vpcs: [], recorded: {}, look: {} }, pairs);
    expect(found.map(({ id }) => id)).toEqual(['demo-key', 'other']);
    expect(asked.sort()).toEqual(['DescribeTags', 'key-name=demo-*', 'key-pair-id=key-2']);
  });
});
