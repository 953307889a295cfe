import { expect, test } from 'vitest';
import { unionOf } from '../../../../../src/tools/aws/estate/ec2-union.ts';

interface Found {
  readonly id: string;
  readonly Tags?: readonly [];
}

const scope = { cluster: 'demo', vpcs: ['vpc-1'], recorded: { subnet: ['subnet-9'] } };

function question() {
  const asked: string[] = [];
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
      return (filters[0]?.Values ?? []).filter((value) => value.startsWith('subnet-')).map((id): Found => ({ id }));
    },
  };
}

test('a listing asks by VPC, by tags, and by the ids of what is recorded and was not found', async () => {
  const subnets = question();
  await unionOf<Found>(scope, subnets);
  expect(subnets.asked).toEqual([
    'vpc-id=vpc-1',
    'tag-key=platform/cluster,kubernetes.io/cluster/demo,elbv2.k8s.aws/cluster',
    'subnet-id=subnet-9',
  ]);
});

test('who wants some only costs one call for two hundred of them', async () => {
  const few = question();
  expect(await unionOf<Found>({ ...scope, only: ['subnet-1', 'subnet-2'] }, few)).toEqual([
    { id: 'subnet-1' },
    { id: 'subnet-2' },
  ]);
  expect(few.asked).toEqual(['subnet-id=subnet-1,subnet-2']);
  const many = question();
  await unionOf<Found>({ ...scope, only: Array.from({ length: 250 }, (_, index) => `subnet-${index}`) }, many);
  expect(many.asked).toEqual(['subnet-id=200', 'subnet-id=50']);
});

test('who wants what stands in the recorded VPCs costs one call, where one is recorded', async () => {
  const subnets = question();
  await unionOf<Found>({ ...scope, near: true }, subnets);
  expect(subnets.asked).toEqual(['vpc-id=vpc-1']);
  const nowhere = question();
  await unionOf<Found>({ ...scope, vpcs: [], near: true }, nowhere);
  expect(nowhere.asked).toHaveLength(2);
});
