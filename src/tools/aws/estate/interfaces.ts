import type { Address, NetworkInterface } from '@aws-sdk/client-ec2';
import { PlatformError, isPlatformError } from '../../../errors.ts';
import type { CloudReference, CloudResource, EstateScope } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import { inRecordedVpcs, pages, unionOf } from './ec2-union.ts';
import type { Ec2, Question } from './ec2-union.ts';
import { known, ownershipTag, references } from './family.ts';
import type { Family } from './family.ts';
import { clearingTheWay, nameOf, unlessGone } from './gone.ts';
import { internetGateways } from './network.ts';

type Interface = NetworkInterface & { readonly Tags?: NetworkInterface['TagSet'] };

/** How network interfaces are asked for. */
export const networkInterfaces = ({ sdk, client, send }: Ec2): Question<Interface> => ({
  kind: 'network-interface',
  byVpc: 'vpc-id',
  byId: 'network-interface-id',
  idOf: (one) => one.NetworkInterfaceId,
  ask: async (Filters) => {
    const all = await pages(
      (NextToken) =>
        send('DescribeNetworkInterfaces', (options) =>
          client.send(new sdk.DescribeNetworkInterfacesCommand({ Filters, MaxResults: 1000, NextToken }), options),
        ),
      (page) => page.NetworkInterfaces,
    );
    return all.map((one) => ({ ...one, Tags: one.TagSet }));
  },
});

/** Network interfaces and Elastic IP addresses. */
export function interfaces(ec2: Ec2): Family<'network-interface' | 'address'> {
  const { sdk, client, send, region } = ec2;
  /** Gateways by VPC, asked only when something has a public address: that is what keeps a gateway attached. */
  const gatewaysOf = async (
    found: readonly NetworkInterface[],
    scope: EstateScope,
  ): Promise<ReadonlyMap<string, string>> => {
    const vpcs = [...new Set(found.filter(isPublic).map((one) => one.VpcId ?? ''))];
    if (vpcs.length === 0) return new Map();
    // In a look the gateways of the recorded VPCs are asked for all the same.
    const known = scope.look === undefined ? [] : scope.vpcs;
    const lists = await Promise.all([
      inRecordedVpcs({ ...scope, vpcs: known }, internetGateways(ec2)),
      inRecordedVpcs({ ...scope, vpcs: vpcs.filter((id) => !known.includes(id)) }, internetGateways(ec2)),
    ]);
    return new Map(lists.flat().map((one) => [one.Attachments?.[0]?.VpcId ?? '', one.InternetGatewayId ?? '']));
  };

  /** Takes it off a machine of the same cluster. From whoever else it was given to it is not torn: the refusal stands, and names the address. */
  const disassociate = async ({ id, tags }: CloudResource): Promise<void> => {
    const Filters = [{ Name: 'allocation-id', Values: [id] }];
    const { Addresses } = await send(
      'DescribeAddresses',
      (options) => client.send(new sdk.DescribeAddressesCommand({ Filters }), options),
      id,
    );
    const { AssociationId = '', InstanceId = '' } = Addresses?.[0] ?? {};
    if (AssociationId === '' || InstanceId === '' || tags[ownershipTag] === undefined) return;
    const machine = [
      { Name: 'instance-id', Values: [InstanceId] },
      { Name: `tag:${ownershipTag}`, Values: [tags[ownershipTag]] },
    ];
    const { Reservations = [] } = await send(
      'DescribeInstances',
      (options) => client.send(new sdk.DescribeInstancesCommand({ Filters: machine }), options),
      InstanceId,
    );
    if (Reservations.length === 0) return;
    await unlessGone(
      send(
        'DisassociateAddress',
        (options) => client.send(new sdk.DisassociateAddressCommand({ AssociationId }), options),
        id,
      ),
    );
  };

  return {
    'network-interface': {
      list: async (scope) => {
        const found = await unionOf(ec2, scope, networkInterfaces(ec2));
        // Who only follows some of them has seen the gateway before; a VPC keeps its own in any case.
        const isPart = scope.only !== undefined || scope.near === true;
        const gateways = isPart ? new Map<string, string>() : await gatewaysOf(found, scope);
        return found.map((one) => interfaceOf(one, gateways, region));
      },
      remove: async ({ id }) => {
        await unlessGone(
          send(
            'DeleteNetworkInterface',
            (options) => client.send(new sdk.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }), options),
            id,
          ),
        );
      },
    },

    address: {
      list: async (scope) => {
        const found = await unionOf<Address>(ec2, scope, {
          kind: 'address',
          byId: 'allocation-id',
          idOf: (address) => address.AllocationId,
          ask: async (Filters) =>
            (
              await send('DescribeAddresses', (options) =>
                client.send(new sdk.DescribeAddressesCommand({ Filters }), options),
              )
            ).Addresses ?? [],
        });
        return found.map(addressOf);
      },
      remove: (resource) =>
        clearingTheWay(
          () =>
            send(
              'ReleaseAddress',
              (options) => client.send(new sdk.ReleaseAddressCommand({ AllocationId: resource.id }), options),
              resource.id,
            ).catch(heldByService),
          ['InvalidIPAddress.InUse'],
          () => disassociate(resource),
        ),
    },
  };
}

/** To EC2 AuthFailure on an address means that one of its services has it, not that the credentials are bad (openshift/installer#1216). */
function heldByService(error: unknown): never {
  if (!isPlatformError(error) || nameOf(error) !== 'AuthFailure') throw error;
  throw new PlatformError('AWS', {
    message: `ec2:ReleaseAddress (${String(error.facts['subject'])}): an AWS service still has the address`,
    class: 'transient',
    next: [
      'run the same command again: it goes on',
      'if it lasts, see in the EC2 console what the address is associated with',
    ],
    facts: error.facts,
    cause: error,
  });
}

function isPublic(one: NetworkInterface): boolean {
  return one.Association?.PublicIp !== undefined && one.Association.PublicIp !== '';
}

function interfaceOf(one: NetworkInterface, gateways: ReadonlyMap<string, string>, region: string): CloudResource {
  const tags = tagRecord(one.TagSet);
  const service = serviceOf(one);
  const parent = parentOf(one, region);
  return {
    kind: 'network-interface',
    id: one.NetworkInterfaceId ?? '',
    name: tags['Name'] ?? '',
    tags,
    ...(one.VpcId !== undefined && { vpc: one.VpcId }),
    state: one.Status ?? '',
    phase: 'live',
    unique: known({ vpc: one.VpcId, hardwareAddress: one.MacAddress }),
    holds: [
      ...references(
        'security-group',
        one.Groups?.map((group) => group.GroupId),
      ),
      ...references('subnet', [one.SubnetId]),
      ...(isPublic(one)
        ? [
            ...references('internet-gateway', [gateways.get(one.VpcId ?? '')]),
            ...references('address', [one.Association?.AllocationId]),
          ]
        : []),
    ],
    ...(service !== undefined && { managedBy: service }),
    ...(parent !== undefined && { diesWith: parent }),
    description: one.Description ?? '',
  };
}

/** Which AWS service an interface belongs to; undefined: it is the user's own. */
function serviceOf(one: NetworkInterface): string | undefined {
  const description = one.Description ?? '';
  if (one.RequesterManaged !== true) return undefined;
  if (description.startsWith('ELB ')) return 'amazon-elb';
  if (description.startsWith('Interface for NAT Gateway ')) return 'nat';
  if (description.startsWith('VPC Endpoint Interface ')) return 'vpc-endpoint';
  return one.RequesterId ?? one.InterfaceType ?? 'aws';
}

/** What an interface goes with: the machine that it was made with, or the object of the service, which its description names. */
function parentOf(one: NetworkInterface, region: string): CloudReference | undefined {
  const description = one.Description ?? '';
  if (one.RequesterManaged !== true) {
    const { InstanceId: id = '', DeleteOnTermination } = one.Attachment ?? {};
    return id !== '' && DeleteOnTermination === true ? { kind: 'instance', id } : undefined;
  }
  const [, balancer] = /^ELB ((?:app|net|gwy)\/.+)$/.exec(description) ?? [];
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  if (balancer !== undefined) {
    const id = `arn:${partition}:elasticloadbalancing:${region}:${one.OwnerId ?? ''}:loadbalancer/${balancer}`;
    return { kind: 'load-balancer', id };
  }
  const [, classic] = /^ELB (\S+)$/.exec(description) ?? [];
  if (classic !== undefined) return { kind: 'classic-load-balancer', id: classic };
  const [, gateway] = /(nat-[0-9a-f]+)/.exec(description) ?? [];
  if (gateway !== undefined) return { kind: 'nat-gateway', id: gateway };
  const [, end] = /(vpce-[0-9a-f]+)/.exec(description) ?? [];
  return end === undefined ? undefined : { kind: 'vpc-endpoint', id: end };
}

function addressOf(address: Address): CloudResource {
  const tags = tagRecord(address.Tags);
  const { AssociationId = '', InstanceId = '', NetworkInterfaceId = '' } = address;
  return {
    kind: 'address',
    id: address.AllocationId ?? '',
    name: tags['Name'] ?? '',
    tags,
    state: AssociationId === '' ? 'free' : 'associated',
    phase: 'live',
    unique: known({ address: address.PublicIp }),
    holds: [],
    ...(AssociationId !== '' && { description: `associated with ${InstanceId || NetworkInterfaceId}` }),
  };
}
