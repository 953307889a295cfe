import type { InternetGateway, RouteTable, Subnet, Vpc } from '@aws-sdk/client-ec2';
import type { CloudReference, CloudResource, EstateScope } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import { filterValues, inRecordedVpcs, pages, unionOf } from './ec2-union.ts';
import type { Ec2, Question } from './ec2-union.ts';
import { inBatches, known, references } from './family.ts';
import type { Family } from './family.ts';
import { clearingTheWay, unlessGone } from './gone.ts';

/** How route tables are asked for. */
const routeTables = ({ sdk, client, send }: Ec2): Question<RouteTable> => ({
  kind: 'route-table',
  byVpc: 'vpc-id',
  byId: 'route-table-id',
  idOf: (table) => table.RouteTableId,
  ask: (Filters) =>
    pages(
      (NextToken) =>
        send('DescribeRouteTables', (options) =>
          client.send(new sdk.DescribeRouteTablesCommand({ Filters, MaxResults: 100, NextToken }), options),
        ),
      (page) => page.RouteTables,
    ),
});

/** How internet gateways are asked for. */
export const internetGateways = ({ sdk, client, send }: Ec2): Question<InternetGateway> => ({
  kind: 'internet-gateway',
  byVpc: 'attachment.vpc-id',
  byId: 'internet-gateway-id',
  idOf: (gateway) => gateway.InternetGatewayId,
  ask: (Filters) =>
    pages(
      (NextToken) =>
        send('DescribeInternetGateways', (options) =>
          client.send(new sdk.DescribeInternetGatewaysCommand({ Filters, MaxResults: 1000, NextToken }), options),
        ),
      (page) => page.InternetGateways,
    ),
});

/** The network itself: VPC, subnets, route tables, internet gateways. */
export function network(ec2: Ec2): Family<'vpc' | 'subnet' | 'route-table' | 'internet-gateway'> {
  const { sdk, client, send } = ec2;
  const tables = routeTables(ec2);

  /** Route table of each subnet that is bound to one: only the table knows, and it stands in the same VPC. */
  const tablesOf = async (subnets: readonly Subnet[], scope: EstateScope): Promise<ReadonlyMap<string, string>> => {
    // In a look the tables of the recorded VPCs are asked for all the same.
    const known = scope.look === undefined ? [] : scope.vpcs;
    const others = subnets.filter((subnet) => !known.includes(subnet.VpcId ?? ''));
    const ids = others.map((subnet) => subnet.SubnetId ?? '');
    const lists = await Promise.all([
      subnets.length === others.length ? [] : inRecordedVpcs(scope, tables),
      ...inBatches(ids, filterValues).map((Values) =>
        tables.ask([{ Name: 'association.subnet-id', Values: [...Values] }]),
      ),
    ]);
    return new Map(
      lists
        .flat()
        .flatMap((table) => boundSubnets(table).map((subnet): [string, string] => [subnet, table.RouteTableId ?? ''])),
    );
  };

  const disassociate = async (table: string): Promise<void> => {
    const [found] = await tables.ask([{ Name: 'route-table-id', Values: [table] }]);
    const bound = (found?.Associations ?? []).filter((association) => association.Main !== true);
    for (const { RouteTableAssociationId: AssociationId } of bound)
      await unlessGone(
        send(
          'DisassociateRouteTable',
          (options) => client.send(new sdk.DisassociateRouteTableCommand({ AssociationId }), options),
          table,
        ),
      );
  };

  return {
    vpc: {
      list: async (scope) => {
        const found = await unionOf<Vpc>(ec2, scope, {
          kind: 'vpc',
          byVpc: 'vpc-id',
          byId: 'vpc-id',
          idOf: (vpc) => vpc.VpcId,
          ask: (Filters) =>
            pages(
              (NextToken) =>
                send('DescribeVpcs', (options) =>
                  client.send(new sdk.DescribeVpcsCommand({ Filters, MaxResults: 1000, NextToken }), options),
                ),
              (page) => page.Vpcs,
            ),
        });
        return found.map((vpc) => ({
          ...part('vpc', vpc.VpcId, vpc.VpcId, vpc, vpc.State ?? '', []),
          // The one that every account has is never ours, whoever tagged it.
          unique: known({ default: vpc.IsDefault === true ? 'true' : undefined }),
        }));
      },
      remove: async ({ id }) => {
        await unlessGone(
          send('DeleteVpc', (options) => client.send(new sdk.DeleteVpcCommand({ VpcId: id }), options), id),
        );
      },
    },

    subnet: {
      list: async (scope) => {
        const found = await unionOf<Subnet>(ec2, scope, {
          kind: 'subnet',
          byVpc: 'vpc-id',
          byId: 'subnet-id',
          idOf: (subnet) => subnet.SubnetId,
          ask: (Filters) =>
            pages(
              (NextToken) =>
                send('DescribeSubnets', (options) =>
                  client.send(new sdk.DescribeSubnetsCommand({ Filters, MaxResults: 1000, NextToken }), options),
                ),
              (page) => page.Subnets,
            ),
        });
        const bound = await tablesOf(found, scope);
        return found.map((subnet) =>
          part('subnet', subnet.SubnetId, subnet.VpcId, subnet, subnet.State ?? '', [
            ...references('route-table', [bound.get(subnet.SubnetId ?? '')]),
            ...references('vpc', [subnet.VpcId]),
          ]),
        );
      },
      remove: async ({ id }) => {
        await unlessGone(
          send('DeleteSubnet', (options) => client.send(new sdk.DeleteSubnetCommand({ SubnetId: id }), options), id),
        );
      },
    },

    'route-table': {
      list: async (scope) => {
        const found = await unionOf(ec2, scope, tables);
        return found.map((table) => {
          const isMain = (table.Associations ?? []).some((association) => association.Main === true);
          const holds = isMain ? [] : references('vpc', [table.VpcId]);
          return {
            ...part('route-table', table.RouteTableId, table.VpcId, table, '', holds),
            ...(isMain && { diesWith: { kind: 'vpc' as const, id: table.VpcId ?? '' } }),
          };
        });
      },
      remove: ({ id }) =>
        clearingTheWay(
          () =>
            send(
              'DeleteRouteTable',
              (options) => client.send(new sdk.DeleteRouteTableCommand({ RouteTableId: id }), options),
              id,
            ),
          ['DependencyViolation'],
          () => disassociate(id),
        ),
    },

    'internet-gateway': {
      list: async (scope) => {
        const found = await unionOf(ec2, scope, internetGateways(ec2));
        return found.map((gateway) => {
          const vpc = gateway.Attachments?.[0]?.VpcId;
          const state = vpc === undefined ? 'detached' : 'attached';
          return part('internet-gateway', gateway.InternetGatewayId, vpc, gateway, state, references('vpc', [vpc]));
        });
      },
      remove: async ({ id, vpc }) => {
        if (vpc !== undefined)
          await unlessGone(
            send(
              'DetachInternetGateway',
              (options) =>
                client.send(new sdk.DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpc }), options),
              id,
            ),
          );
        await unlessGone(
          send(
            'DeleteInternetGateway',
            (options) => client.send(new sdk.DeleteInternetGatewayCommand({ InternetGatewayId: id }), options),
            id,
          ),
        );
      },
    },
  };
}

function boundSubnets(table: RouteTable): readonly string[] {
  return (table.Associations ?? []).map((association) => association.SubnetId ?? '').filter((id) => id !== '');
}

function part(
  kind: CloudResource['kind'],
  id: string | undefined,
  vpc: string | undefined,
  { Tags }: { readonly Tags?: Vpc['Tags'] },
  state: string,
  holds: readonly CloudReference[],
): CloudResource {
  const tags = tagRecord(Tags);
  return {
    kind,
    id: id ?? '',
    name: tags['Name'] ?? '',
    tags,
    ...(vpc !== undefined && vpc !== '' && { vpc }),
    state,
    phase: 'live',
    unique: kind === 'vpc' ? {} : known({ vpc }),
    holds,
  };
}
