import type * as Sdk from '@aws-sdk/client-ec2';
import type { CloudKind, CloudReference, CloudResource, EstateScope } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import { instances } from './ec2-machines.ts';
import { inRecordedVpcs, pages } from './ec2-union.ts';
import type { Ec2 } from './ec2-union.ts';
import { references } from './family.ts';
import { networkInterfaces } from './interfaces.ts';
import type { Family, KindAdapter } from './family.ts';

type Kind =
  | 'nat-gateway'
  | 'vpc-endpoint'
  | 'peering-connection'
  | 'vpn-gateway'
  | 'network-acl'
  | 'auto-scaling-group'
  | 'classic-load-balancer';

/** Kinds that platform never makes: found in the recorded VPCs, so that they can be named as what stands in the way; never deleted. */
export function refused(ec2: Ec2): Family<Kind> {
  const { sdk, client, send } = ec2;
  const inVpcs = (list: (vpcs: string[], scope: EstateScope) => Promise<readonly CloudResource[]>): KindAdapter => ({
    list: (scope: EstateScope) => (scope.vpcs.length === 0 ? Promise.resolve([]) : list([...scope.vpcs], scope)),
  });

  return {
    'nat-gateway': inVpcs(async (vpcs) => {
      const found = await pages(
        (NextToken) =>
          send('DescribeNatGateways', (options) =>
            client.send(
              new sdk.DescribeNatGatewaysCommand({ Filter: [{ Name: 'vpc-id', Values: vpcs }], NextToken }),
              options,
            ),
          ),
        (page) => page.NatGateways,
      );
      return found.map((gateway) =>
        thing('nat-gateway', gateway.NatGatewayId, gateway, gateway.State, gateway.VpcId, [
          ...references(
            'network-interface',
            gateway.NatGatewayAddresses?.map((one) => one.NetworkInterfaceId),
          ),
          ...references(
            'address',
            gateway.NatGatewayAddresses?.map((one) => one.AllocationId),
          ),
          ...references('subnet', [gateway.SubnetId]),
        ]),
      );
    }),

    'vpc-endpoint': inVpcs(async (vpcs) => {
      const found = await pages(
        (NextToken) =>
          send('DescribeVpcEndpoints', (options) =>
            client.send(
              new sdk.DescribeVpcEndpointsCommand({ Filters: [{ Name: 'vpc-id', Values: vpcs }], NextToken }),
              options,
            ),
          ),
        (page) => page.VpcEndpoints,
      );
      return found.map((end) =>
        thing('vpc-endpoint', end.VpcEndpointId, end, end.State, end.VpcId, [
          ...references('network-interface', end.NetworkInterfaceIds),
          ...references(
            'security-group',
            end.Groups?.map((group) => group.GroupId),
          ),
          ...references('subnet', end.SubnetIds),
          ...references('vpc', [end.VpcId]),
        ]),
      );
    }),

    'peering-connection': inVpcs(async (vpcs) => {
      // Its two ends have a filter each, and both must hold in one call. An account has a handful of them (a VPC may have 125).
      const all = await pages(
        (NextToken) =>
          send('DescribeVpcPeeringConnections', (options) =>
            client.send(new sdk.DescribeVpcPeeringConnectionsCommand({ MaxResults: 1000, NextToken }), options),
          ),
        (page) => page.VpcPeeringConnections,
      );
      return all.flatMap((one) => {
        const ends = [one.RequesterVpcInfo?.VpcId, one.AccepterVpcInfo?.VpcId];
        const vpc = ends.find((end) => end !== undefined && vpcs.includes(end));
        if (vpc === undefined) return [];
        return [
          thing('peering-connection', one.VpcPeeringConnectionId, one, one.Status?.Code, vpc, [
            ...references('vpc', ends),
          ]),
        ];
      });
    }),

    'vpn-gateway': inVpcs(async (vpcs) => {
      const found = await send('DescribeVpnGateways', (options) =>
        client.send(
          new sdk.DescribeVpnGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: vpcs }] }),
          options,
        ),
      );
      return (found.VpnGateways ?? []).map((gateway) => {
        const attached = (gateway.VpcAttachments ?? []).filter((one) => one.State !== 'detached');
        const held = attached.map((one) => one.VpcId);
        return thing('vpn-gateway', gateway.VpnGatewayId, gateway, gateway.State, held[0], references('vpc', held));
      });
    }),

    'network-acl': inVpcs(async (vpcs) => {
      const Filters = [
        { Name: 'vpc-id', Values: vpcs },
        { Name: 'default', Values: ['false'] },
      ];
      const found = await pages(
        (NextToken) =>
          send('DescribeNetworkAcls', (options) =>
            client.send(new sdk.DescribeNetworkAclsCommand({ Filters, NextToken }), options),
          ),
        (page) => page.NetworkAcls,
      );
      return found.map((acl) =>
        thing('network-acl', acl.NetworkAclId, acl, '', acl.VpcId, references('vpc', [acl.VpcId])),
      );
    }),

    'auto-scaling-group': inVpcs(async (_, scope) => {
      const members = (await inRecordedVpcs(scope, instances(ec2))).filter(
        (instance) => instance.State?.Name !== 'terminated' && tagRecord(instance.Tags)[scalingTag] !== undefined,
      );
      const groups = Map.groupBy(members, (instance) => tagRecord(instance.Tags)[scalingTag] ?? '');
      return [...groups].map(([name, own]) => ({
        ...thing('auto-scaling-group', name, {}, '', own[0]?.VpcId, [
          // It makes each of them anew: none can go for good before the group.
          ...references(
            'instance',
            own.map((member) => member.InstanceId),
          ),
        ]),
        name,
      }));
    }),

    'classic-load-balancer': inVpcs(async (_, scope) => {
      const found = await inRecordedVpcs(scope, networkInterfaces(ec2));
      // Those of the newer kinds have a path: `ELB app/NAME/ID`.
      const own = found.filter((one) => one.RequesterManaged === true && /^ELB [^/\s]+$/.test(one.Description ?? ''));
      const balancers = Map.groupBy(own, (one) => (one.Description ?? '').slice('ELB '.length));
      return [...balancers].map(([name, members]) => ({
        ...thing('classic-load-balancer', name, {}, '', members[0]?.VpcId, holdsOf(members)),
        name,
      }));
    }),
  };
}

const scalingTag = 'aws:autoscaling:groupName';

function holdsOf(members: readonly Sdk.NetworkInterface[]): readonly CloudReference[] {
  return [
    ...references(
      'network-interface',
      members.map((one) => one.NetworkInterfaceId),
    ),
    ...references(
      'security-group',
      members.flatMap((one) => one.Groups ?? []).map((group) => group.GroupId),
    ),
    ...references(
      'subnet',
      members.map((one) => one.SubnetId),
    ),
  ];
}

/** AWS lists these for hours after they ended. */
const ended = new Set(['deleted', 'failed', 'rejected', 'expired']);

function thing(
  kind: CloudKind,
  id: string | undefined,
  { Tags }: { readonly Tags?: Sdk.Tag[] | undefined },
  state: string | undefined,
  vpc: string | undefined,
  holds: readonly CloudReference[],
): CloudResource {
  const tags = tagRecord(Tags);
  const words = (state ?? '').toLowerCase();
  const phase = ended.has(words) ? 'gone' : words === 'deleting' ? 'going' : 'live';
  return {
    kind,
    id: id ?? '',
    name: tags['Name'] ?? '',
    tags,
    ...(vpc !== undefined && { vpc }),
    state: words,
    phase,
    unique: {},
    holds: phase === 'gone' ? [] : holds,
  };
}
