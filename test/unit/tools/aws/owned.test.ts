import { expect, test } from 'vitest';
import { networkParts } from '../../../../src/tools/aws/owned.ts';

const tagged = (name: string) => [{ Key: 'Name', Value: name }];
const nothing = {
  vpcs: [],
  subnets: [],
  gateways: [],
  routeTables: [],
  groups: [],
  rules: [],
  addresses: [],
  keyPairs: [],
};

test('ids are those that terraform import takes', () => {
  const parts = networkParts({
    ...nothing,
    subnets: [{ SubnetId: 'subnet-1', State: 'pending', Tags: tagged('public-a') }],
    routeTables: [
      {
        RouteTableId: 'rtb-1',
        Tags: tagged('public'),
        Routes: [
          { Origin: 'CreateRouteTable', DestinationCidrBlock: '10.0.0.0/16', State: 'active' },
          { Origin: 'CreateRoute', DestinationCidrBlock: '0.0.0.0/0', State: 'blackhole' },
        ],
        Associations: [{ Main: true }, { SubnetId: 'subnet-1' }],
      },
    ],
    rules: [
      { SecurityGroupRuleId: 'sgr-1', IsEgress: true },
      { SecurityGroupRuleId: 'sgr-2', IsEgress: false },
    ],
    keyPairs: [{ KeyName: 'key', KeyPairId: 'key-1' }],
  });
  expect(parts).toEqual([
    { type: 'aws_subnet', id: 'subnet-1', tags: { Name: 'public-a' }, healthy: false },
    { type: 'aws_route_table', id: 'rtb-1', tags: { Name: 'public' }, healthy: true },
    { type: 'aws_route', id: 'rtb-1_0.0.0.0/0', tags: { Name: 'public' }, healthy: false },
    { type: 'aws_route_table_association', id: 'subnet-1/rtb-1', tags: { Name: 'public-a' }, healthy: true },
    { type: 'aws_vpc_security_group_egress_rule', id: 'sgr-1', tags: {}, healthy: true },
    { type: 'aws_vpc_security_group_ingress_rule', id: 'sgr-2', tags: {}, healthy: true },
    { type: 'aws_key_pair', id: 'key', tags: {}, healthy: true },
  ]);
});
