import * as ec2 from '@aws-sdk/client-ec2';
import type { EstateSeed, Tags } from './estate-seed.ts';

/** SSH public key of nobody: an ed25519 key of 32 zero bytes. */
const publicKey = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32),
]).toString('base64')}`;

export const tagList = (tags: Tags = {}) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

type Ec2Seed = Pick<
  EstateSeed,
  | 'vpc'
  | 'subnet'
  | 'instance'
  | 'volume'
  | 'snapshot'
  | 'group'
  | 'rule'
  | 'address'
  | 'internetGateway'
  | 'routeTable'
  | 'networkInterface'
  | 'keyPair'
  | 'natGateway'
  | 'vpcEndpoint'
  | 'peering'
  | 'vpnGateway'
  | 'networkAcl'
>;

/** The verbs of EC2, by the calls that anybody would make. `pass` brings a new machine up. */
export function ec2Seed(client: ec2.EC2Client, region: string, pass: () => Promise<void>): Ec2Seed {
  const zone = `${region}a`;
  let networks = 0;
  let devices = 0;
  const subnets = new Map<string, number>();
  const spec = (ResourceType: ec2.ResourceType, tags: Tags = {}): ec2.TagSpecification[] | undefined =>
    Object.keys(tags).length === 0 ? undefined : [{ ResourceType, Tags: tagList(tags) }];
  const attach = async (VolumeId: string, InstanceId: string): Promise<void> => {
    devices += 1;
    const Device = `/dev/sd${'fghijklmnop'.charAt(devices % 11)}${Math.floor(devices / 11)}`;
    await client.send(new ec2.AttachVolumeCommand({ VolumeId, InstanceId, Device }));
  };
  let image: Promise<string> | undefined;
  const imageId = (): Promise<string> =>
    (image ??= client
      .send(new ec2.DescribeImagesCommand({ Owners: ['099720109477'] }))
      .then((found) => found.Images?.[0]?.ImageId ?? ''));

  return {
    vpc: async (tags) => {
      networks += 1;
      const CidrBlock = `10.${networks % 250}.0.0/16`;
      const made = await client.send(new ec2.CreateVpcCommand({ CidrBlock, TagSpecifications: spec('vpc', tags) }));
      return made.Vpc?.VpcId ?? '';
    },
    subnet: async (VpcId, tags) => {
      const number = (subnets.get(VpcId) ?? 0) + 1;
      subnets.set(VpcId, number);
      const found = await client.send(new ec2.DescribeVpcsCommand({ VpcIds: [VpcId] }));
      const [first = '', second = ''] = (found.Vpcs?.[0]?.CidrBlock ?? '').split('.');
      const made = await client.send(
        new ec2.CreateSubnetCommand({
          VpcId,
          CidrBlock: `${first}.${second}.${number}.0/24`,
          AvailabilityZone: `${region}${'abc'.charAt((number - 1) % 3)}`,
          TagSpecifications: spec('subnet', tags),
        }),
      );
      return made.Subnet?.SubnetId ?? '';
    },
    instance: async (wanted) => {
      const made = await client.send(
        new ec2.RunInstancesCommand({
          ImageId: await imageId(),
          InstanceType: 't3.large',
          MinCount: 1,
          MaxCount: 1,
          SubnetId: wanted.subnet,
          SecurityGroupIds: wanted.groups === undefined ? undefined : [...wanted.groups],
          TagSpecifications: spec('instance', wanted.tags),
          IamInstanceProfile: wanted.profile === undefined ? undefined : { Name: wanted.profile },
          DisableApiTermination: wanted.protected,
        }),
      );
      const id = made.Instances?.[0]?.InstanceId ?? '';
      await pass();
      for (const volume of wanted.volumes ?? []) await attach(volume, id);
      return id;
    },
    volume: async (tags, attachedTo) => {
      const made = await client.send(
        new ec2.CreateVolumeCommand({ AvailabilityZone: zone, Size: 8, TagSpecifications: spec('volume', tags) }),
      );
      const id = made.VolumeId ?? '';
      if (attachedTo !== undefined) await attach(id, attachedTo);
      return id;
    },
    snapshot: async (VolumeId, tags) => {
      const made = await client.send(
        new ec2.CreateSnapshotCommand({ VolumeId, TagSpecifications: spec('snapshot', tags) }),
      );
      return made.SnapshotId ?? '';
    },
    group: async (VpcId, GroupName, tags) => {
      const made = await client.send(
        new ec2.CreateSecurityGroupCommand({
          VpcId,
          GroupName,
          Description: GroupName,
          TagSpecifications: spec('security-group', tags),
        }),
      );
      return made.GroupId ?? '';
    },
    rule: async (GroupId, wanted = {}) => {
      const Description = wanted.description;
      const port = wanted.port ?? 443;
      const input = {
        GroupId,
        TagSpecifications: spec('security-group-rule', wanted.tags),
        IpPermissions: [
          {
            IpProtocol: 'tcp',
            FromPort: port,
            ToPort: port,
            ...(wanted.peer === undefined
              ? { IpRanges: [{ CidrIp: '203.0.113.0/24', Description }] }
              : { UserIdGroupPairs: [{ GroupId: wanted.peer, Description }] }),
          },
        ],
      };
      const made =
        wanted.direction === 'egress'
          ? await client.send(new ec2.AuthorizeSecurityGroupEgressCommand(input))
          : await client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input));
      return made.SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? '';
    },
    address: async (tags, associatedWith) => {
      const made = await client.send(
        new ec2.AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: spec('elastic-ip', tags) }),
      );
      const AllocationId = made.AllocationId ?? '';
      if (associatedWith !== undefined)
        await client.send(
          new ec2.AssociateAddressCommand({
            AllocationId,
            ...('instance' in associatedWith
              ? { InstanceId: associatedWith.instance }
              : { NetworkInterfaceId: associatedWith.networkInterface }),
          }),
        );
      return AllocationId;
    },
    internetGateway: async (VpcId, tags) => {
      const made = await client.send(
        new ec2.CreateInternetGatewayCommand({ TagSpecifications: spec('internet-gateway', tags) }),
      );
      const InternetGatewayId = made.InternetGateway?.InternetGatewayId ?? '';
      if (VpcId !== undefined) await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
      return InternetGatewayId;
    },
    routeTable: async (VpcId, tags, bound = []) => {
      const made = await client.send(
        new ec2.CreateRouteTableCommand({ VpcId, TagSpecifications: spec('route-table', tags) }),
      );
      const RouteTableId = made.RouteTable?.RouteTableId ?? '';
      for (const SubnetId of bound) await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId, SubnetId }));
      return RouteTableId;
    },
    networkInterface: async (wanted) => {
      const made = await client.send(
        new ec2.CreateNetworkInterfaceCommand({
          SubnetId: wanted.subnet,
          Groups: wanted.groups === undefined ? undefined : [...wanted.groups],
          Description: wanted.description,
          TagSpecifications: spec('network-interface', wanted.tags),
        }),
      );
      const NetworkInterfaceId = made.NetworkInterface?.NetworkInterfaceId ?? '';
      if (wanted.attachedTo !== undefined)
        await client.send(
          new ec2.AttachNetworkInterfaceCommand({
            NetworkInterfaceId,
            InstanceId: wanted.attachedTo,
            DeviceIndex: 1,
          }),
        );
      return NetworkInterfaceId;
    },
    keyPair: async (KeyName, tags) => {
      await client.send(
        new ec2.ImportKeyPairCommand({
          KeyName,
          PublicKeyMaterial: Buffer.from(publicKey),
          TagSpecifications: spec('key-pair', tags),
        }),
      );
      return KeyName;
    },
    natGateway: async (SubnetId, AllocationId, tags) => {
      const made = await client.send(
        new ec2.CreateNatGatewayCommand({ SubnetId, AllocationId, TagSpecifications: spec('natgateway', tags) }),
      );
      return made.NatGateway?.NatGatewayId ?? '';
    },
    vpcEndpoint: async (VpcId, within, tags) => {
      const made = await client.send(
        new ec2.CreateVpcEndpointCommand({
          VpcId,
          VpcEndpointType: 'Interface',
          ServiceName: `com.amazonaws.${region}.ec2`,
          SubnetIds: [...within],
          TagSpecifications: spec('vpc-endpoint', tags),
        }),
      );
      return made.VpcEndpoint?.VpcEndpointId ?? '';
    },
    peering: async (VpcId, PeerVpcId, tags) => {
      const made = await client.send(
        new ec2.CreateVpcPeeringConnectionCommand({
          VpcId,
          PeerVpcId,
          TagSpecifications: spec('vpc-peering-connection', tags),
        }),
      );
      return made.VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    },
    vpnGateway: async (VpcId, tags) => {
      const made = await client.send(
        new ec2.CreateVpnGatewayCommand({ Type: 'ipsec.1', TagSpecifications: spec('vpn-gateway', tags) }),
      );
      const VpnGatewayId = made.VpnGateway?.VpnGatewayId ?? '';
      await client.send(new ec2.AttachVpnGatewayCommand({ VpnGatewayId, VpcId }));
      return VpnGatewayId;
    },
    networkAcl: async (VpcId, tags) => {
      const made = await client.send(
        new ec2.CreateNetworkAclCommand({ VpcId, TagSpecifications: spec('network-acl', tags) }),
      );
      return made.NetworkAcl?.NetworkAclId ?? '';
    },
  };
}
