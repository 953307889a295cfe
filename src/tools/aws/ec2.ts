import type {
  Address,
  Filter,
  InternetGateway,
  KeyPairInfo,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
  Vpc,
} from '@aws-sdk/client-ec2';
import type { AwsInstance, InstanceSize, SnapshotState } from '../ports-aws.ts';
import { isAbsent } from './errors.ts';
import { filterValues } from './estate/ec2-union.ts';
import { inBatches } from './estate/family.ts';
import { collect, tagRecord } from './session.ts';
import type { Session } from './session.ts';

/** An instance with what ownership and quotas need beside the port's fields. */
export interface KnownInstance extends AwsInstance {
  readonly tags: Readonly<Record<string, string>>;
  readonly spot: boolean;
}

/** The network parts of a cluster, as the API describes them. */
export interface OwnedNetwork {
  readonly vpcs: readonly Vpc[];
  readonly subnets: readonly Subnet[];
  readonly gateways: readonly InternetGateway[];
  readonly routeTables: readonly RouteTable[];
  readonly groups: readonly SecurityGroup[];
  readonly rules: readonly SecurityGroupRule[];
  readonly addresses: readonly Address[];
  readonly keyPairs: readonly KeyPairInfo[];
}

export interface Ec2 {
  /** Instances that are not terminated; all of the region, those that carry every one of the tags, or those of a VPC. */
  instances(tags?: Readonly<Record<string, string>>, vpc?: string): Promise<readonly KnownInstance[]>;
  console(instance: string): Promise<string>;
  address(allocation: string): Promise<{ readonly publicAddress: string; readonly instance?: string } | undefined>;
  addressCount(): Promise<number>;
  associateAddress(allocation: string, instance: string): Promise<void>;
  instanceTypes(types: readonly string[]): Promise<Readonly<Record<string, InstanceSize>>>;
  keyPairs(names: readonly string[]): Promise<readonly string[]>;
  keyPair(name: string): Promise<{ readonly fingerprint: string } | undefined>;
  network(tags: Readonly<Record<string, string>>): Promise<OwnedNetwork>;
  snapshots(ids: readonly string[]): Promise<readonly SnapshotState[]>;
  makeSnapshot(volume: string, tags: Readonly<Record<string, string>>, description: string): Promise<string>;
}

export async function openEc2(session: Session): Promise<Ec2> {
  const sdk = await import('@aws-sdk/client-ec2');
  const client = new sdk.EC2Client(session.settings);
  const send = session.service('ec2');

  const consoleOutput = async (InstanceId: string, Latest: boolean): Promise<string> => {
    const found = await send(
      'GetConsoleOutput',
      (options) => client.send(new sdk.GetConsoleOutputCommand({ InstanceId, Latest }), options),
      InstanceId,
    );
    return Buffer.from(found.Output ?? '', 'base64').toString('utf8');
  };

  return {
    async instances(tags = {}, vpc?: string) {
      const alive = {
        Name: 'instance-state-name',
        Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'],
      };
      const reservations = await collect(async (NextToken) => {
        const within = vpc === undefined ? [] : [{ Name: 'vpc-id', Values: [vpc] }];
        const input = { Filters: [...tagFilters(tags), ...within, alive], MaxResults: 1000, NextToken };
        const page = await send('DescribeInstances', (options) =>
          client.send(new sdk.DescribeInstancesCommand(input), options),
        );
        return { items: page.Reservations, next: page.NextToken };
      });
      return reservations.flatMap((reservation) =>
        (reservation.Instances ?? []).map((instance) => {
          const known = tagRecord(instance.Tags);
          return {
            id: instance.InstanceId ?? '',
            node: known['platform/node'] ?? '',
            state: instance.State?.Name ?? 'pending',
            privateAddress: instance.PrivateIpAddress ?? '',
            publicAddress: instance.PublicIpAddress ?? '',
            zone: instance.Placement?.AvailabilityZone ?? '',
            type: instance.InstanceType ?? '',
            launchTime: instance.LaunchTime?.toISOString() ?? '',
            clientToken: instance.ClientToken ?? '',
            tags: known,
            spot: instance.InstanceLifecycle === 'spot',
          };
        }),
      );
    },

    async console(instance) {
      try {
        return await consoleOutput(instance, true);
      } catch (error) {
        // Only Nitro instances have the latest output; others have what was kept at boot (EC2 API, GetConsoleOutput).
        if (isAbsent(error, 'UnsupportedOperation')) return consoleOutput(instance, false);
        throw error;
      }
    },

    async address(allocation) {
      const input = { Filters: [{ Name: 'allocation-id', Values: [allocation] }] };
      const found = await send(
        'DescribeAddresses',
        (options) => client.send(new sdk.DescribeAddressesCommand(input), options),
        allocation,
      );
      const address = found.Addresses?.[0];
      if (address === undefined) return undefined;
      const instance = address.InstanceId;
      return { publicAddress: address.PublicIp ?? '', ...(instance !== undefined && instance !== '' && { instance }) };
    },

    async addressCount() {
      const found = await send('DescribeAddresses', (options) =>
        client.send(new sdk.DescribeAddressesCommand({}), options),
      );
      return found.Addresses?.length ?? 0;
    },

    async associateAddress(allocation, instance) {
      // Reassociation, for the address outlives the machine that it belonged to before.
      const input = { AllocationId: allocation, InstanceId: instance, AllowReassociation: true };
      await send(
        'AssociateAddress',
        (options) => client.send(new sdk.AssociateAddressCommand(input), options),
        `${allocation} to ${instance}`,
      );
    },

    async instanceTypes(types) {
      if (types.length === 0) return {};
      const found = await collect(async (NextToken) => {
        // By filter: naming an unknown type would fail the whole call.
        const input = { Filters: [{ Name: 'instance-type', Values: [...new Set(types)] }], NextToken };
        const page = await send(
          'DescribeInstanceTypes',
          (options) => client.send(new sdk.DescribeInstanceTypesCommand(input), options),
          types.join(', '),
        );
        return { items: page.InstanceTypes, next: page.NextToken };
      });
      return Object.fromEntries(
        found.map((type) => [
          type.InstanceType ?? '',
          { vcpus: type.VCpuInfo?.DefaultVCpus ?? 0, memory: (type.MemoryInfo?.SizeInMiB ?? 0) * 1024 ** 2 },
        ]),
      );
    },

    async keyPairs(names) {
      if (names.length === 0) return [];
      const input = { Filters: [{ Name: 'key-name', Values: [...names] }] };
      const found = await send(
        'DescribeKeyPairs',
        (options) => client.send(new sdk.DescribeKeyPairsCommand(input), options),
        names.join(', '),
      );
      return (found.KeyPairs ?? []).map((pair) => pair.KeyName ?? '');
    },

    async keyPair(name) {
      const input = { Filters: [{ Name: 'key-name', Values: [name] }] };
      const found = await send(
        'DescribeKeyPairs',
        (options) => client.send(new sdk.DescribeKeyPairsCommand(input), options),
        name,
      );
      const [pair] = found.KeyPairs ?? [];
      return pair === undefined ? undefined : { fingerprint: pair.KeyFingerprint ?? '' };
    },

    async network(tags) {
      const Filters = tagFilters(tags);
      const [vpcs, subnets, gateways, routeTables, groups, rules, addresses, keyPairs] = await Promise.all([
        send('DescribeVpcs', (options) => client.send(new sdk.DescribeVpcsCommand({ Filters }), options)),
        send('DescribeSubnets', (options) => client.send(new sdk.DescribeSubnetsCommand({ Filters }), options)),
        send('DescribeInternetGateways', (options) =>
          client.send(new sdk.DescribeInternetGatewaysCommand({ Filters }), options),
        ),
        send('DescribeRouteTables', (options) => client.send(new sdk.DescribeRouteTablesCommand({ Filters }), options)),
        send('DescribeSecurityGroups', (options) =>
          client.send(new sdk.DescribeSecurityGroupsCommand({ Filters }), options),
        ),
        send('DescribeSecurityGroupRules', (options) =>
          client.send(new sdk.DescribeSecurityGroupRulesCommand({ Filters }), options),
        ),
        send('DescribeAddresses', (options) => client.send(new sdk.DescribeAddressesCommand({ Filters }), options)),
        send('DescribeKeyPairs', (options) => client.send(new sdk.DescribeKeyPairsCommand({ Filters }), options)),
      ]);
      return {
        vpcs: vpcs.Vpcs ?? [],
        subnets: subnets.Subnets ?? [],
        gateways: gateways.InternetGateways ?? [],
        routeTables: routeTables.RouteTables ?? [],
        groups: groups.SecurityGroups ?? [],
        rules: rules.SecurityGroupRules ?? [],
        addresses: addresses.Addresses ?? [],
        keyPairs: keyPairs.KeyPairs ?? [],
      };
    },

    async snapshots(ids) {
      const pages = [...inBatches(ids, filterValues)].map((Values) =>
        collect(async (NextToken) => {
          // By filter: an id that is not known yet would fail the whole call.
          const Filters = [{ Name: 'snapshot-id', Values: [...Values] }];
          const page = await send('DescribeSnapshots', (options) =>
            client.send(new sdk.DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters, NextToken }), options),
          );
          return { items: page.Snapshots, next: page.NextToken };
        }),
      );
      return (await Promise.all(pages)).flat().map(({ SnapshotId, State, Progress }) => ({
        id: SnapshotId ?? '',
        state: State ?? '',
        progress: Progress ?? '',
      }));
    },

    async makeSnapshot(volume, tags, description) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags }];
      const input = { VolumeId: volume, Description: description, TagSpecifications };
      const made = await send(
        'CreateSnapshot',
        (options) => client.send(new sdk.CreateSnapshotCommand(input), options),
        volume,
      );
      return made.SnapshotId ?? '';
    },
  };
}

function tagFilters(tags: Readonly<Record<string, string>>): Filter[] {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}
