import { generateKeyPairSync } from 'node:crypto';
import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAws } from '../../src/tools/aws/aws.ts';
import type { AwsWriter } from '../../src/tools/ports-aws.ts';
import { type LocalAws, startLocalAws } from '../helpers/local-aws.ts';
import { awsPython } from '../helpers/tool-caches.ts';
import { until } from '../helpers/until.ts';

const cluster = 'acme-dev-x7k2p';
const region = 'ap-northeast-2';
const tags = { 'platform/cluster': cluster, 'platform/environment': 'dev' };
const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

const reason =
  awsPython === undefined
    ? 'skipped: no Python with the requirements of the local AWS server; run `npm run setup`'
    : '';

describe.skipIf(reason !== '')(`AWS adapter against the local AWS server ${reason}`, () => {
  let server: LocalAws;
  let endpoint = '';
  let aws: AwsWriter;

  beforeAll(async () => {
    server = await startLocalAws({ seed: { region, zones: ['example.com'], deny: ['elasticloadbalancing:*'] } });
    ({ endpoint } = server);
    aws = openAws({ region, endpoint });
  });

  afterAll(async () => await server?.close());

  test('the caller is in the account of the sandbox', async () => {
    expect(await aws.caller()).toMatchObject({
      account: '123456789012',
      arn: expect.stringContaining(':123456789012:'),
    });
  });

  test('a snapshot of a volume carries our tags and is followed to its end; an id that is not there is left out', async () => {
    const client = new ec2.EC2Client({ region, endpoint, credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
    const AvailabilityZone = `${region}a`;
    const { VolumeId = '' } = await client.send(new ec2.CreateVolumeCommand({ AvailabilityZone, Size: 1 }));
    const id = await aws.makeSnapshot(VolumeId, { ...tags, 'platform/purpose': 'backup' }, 'before');
    expect(await aws.snapshots([id, 'snap-00000000'])).toMatchObject([{ id }]);
    await until('it is completed', async () => (await aws.snapshots([id]))[0]?.state === 'completed', 20_000);
    expect(await aws.snapshots([id])).toEqual([{ id, state: 'completed', progress: '100%' }]);
    const found = await client.send(new ec2.DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    expect(found.Snapshots?.[0]).toMatchObject({
      VolumeId,
      Description: 'before',
      Tags: expect.arrayContaining([{ Key: 'platform/purpose', Value: 'backup' }]),
    });
    await expect(aws.makeSnapshot('vol-00000000', tags, 'before')).rejects.toMatchObject({
      facts: { name: 'InvalidVolume.NotFound' },
    });
    expect(await aws.snapshots([])).toEqual([]);
    await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: id }));
    await client.send(new ec2.DeleteVolumeCommand({ VolumeId }));
  });

  test('the clock of the service is compared with ours', async () => {
    const { skew } = await aws.caller();
    // The server is on this machine; its Date header is cut to whole seconds.
    expect(Math.abs(skew ?? Number.POSITIVE_INFINITY)).toBeLessThan(60_000);
  });

  test('a bucket is made, read, and made again', async () => {
    const name = `platform-state-123456789012-${region}-acme`;
    expect(await aws.bucket(name)).toMatchObject({ exists: false });
    await aws.makeBucket(name, tags);
    await aws.makeBucket(name, tags);
    expect(await aws.bucket(name)).toEqual({ exists: true, versioned: true, encrypted: true, blocked: true, tags });
    expect(await aws.object(name, 'none')).toBeUndefined();
    expect(await aws.object('no-such-bucket-here', 'none')).toBeUndefined();
    expect(await aws.objectSize(name, 'none')).toBeUndefined();
    await aws.putObject(name, 'some', 'four');
    expect(await aws.objectSize(name, 'some')).toBe(4);
    expect(await aws.objects(name, 'so')).toEqual([{ key: 'some', bytes: 4, changed: expect.any(Number) }]);
    expect(await aws.objects(name, 'other')).toEqual([]);
    await aws.removeObject(name, 'some');
    await aws.putObject(name, 'a', 'first', 'absent');
    await expect(aws.putObject(name, 'a', 'second', 'absent')).rejects.toMatchObject({
      code: 'AWS',
      class: 'permanent',
      facts: { name: 'PreconditionFailed' },
    });
    expect(await aws.object(name, 'a')).toBe('first');
    expect(await aws.lifecycle(name)).toBeUndefined();
    await aws.putLifecycle(name, [
      { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ]);
    expect(await aws.lifecycle(name)).toMatchObject([{ ID: 'old', Status: 'Enabled' }]);
    expect(
      await aws.existing([
        { kind: 'bucket', name },
        { kind: 'bucket', name: 'nope-123' },
        { kind: 'role', name: 'nope' },
      ]),
    ).toEqual([{ kind: 'bucket', name }]);
  });

  test('records are written and found, and the zone is found for a name below it', async () => {
    const zone = await aws.zone('dev.example.com');
    expect(zone?.nameServers.length).toBeGreaterThan(0);
    expect(await aws.zone('example.org')).toBeUndefined();
    const id = zone?.id ?? '';
    await aws.changeRecords(id, [
      { action: 'UPSERT', record: { name: 'a.example.com', type: 'A', ttl: 60, values: ['10.0.0.1'] } },
      {
        action: 'UPSERT',
        record: { name: '*.example.com', type: 'A', alias: { name: 'lb.amazonaws.com', zone: 'Z1' } },
      },
    ]);
    expect(await aws.records(id, ['a.example.com', '*.example.com', 'b.example.com'])).toEqual([
      { name: 'a.example.com', type: 'A', ttl: 60, values: ['10.0.0.1'] },
      { name: '*.example.com', type: 'A', alias: { name: 'lb.amazonaws.com', zone: 'Z1' } },
    ]);
    await aws.changeRecords(id, [
      { action: 'DELETE', record: { name: 'a.example.com', type: 'A', ttl: 60, values: ['10.0.0.1'] } },
    ]);
    expect(await aws.records(id, ['a.example.com'])).toEqual([]);
  });

  test('a denied action is permanent and named', async () => {
    await expect(aws.loadBalancer('x.elb.amazonaws.com')).rejects.toMatchObject({
      code: 'AWS',
      class: 'permanent',
      facts: { service: 'elasticloadbalancing', action: 'DescribeLoadBalancers' },
    });
    const denied = await aws.denied(['ec2:RunInstances', 'elasticloadbalancing:CreateLoadBalancer']);
    expect(denied).toEqual(['elasticloadbalancing:CreateLoadBalancer']);
    const scope = {
      resources: ['arn:aws:elasticloadbalancing:*:*:loadbalancer/a', 'arn:aws:elasticloadbalancing:*:*:loadbalancer/b'],
      context: [{ key: 'aws:RequestTag/platform/cluster', values: [cluster], list: false }],
    };
    expect(await aws.denied(['elasticloadbalancing:CreateLoadBalancer', 'ec2:RunInstances'], scope)).toEqual(denied);
  });

  test('what the cluster owns is listed under its import ids, and nothing of others', async () => {
    const options = { region, endpoint, credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } };
    const [client, people] = [new ec2.EC2Client(options), new iam.IAMClient(options)];
    const spec = (ResourceType: ec2.ResourceType) => [{ ResourceType, Tags: TagSet }];
    const vpc = (
      await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.7.0.0/16', TagSpecifications: spec('vpc') }))
    ).Vpc?.VpcId;
    await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
    const subnet = (
      await client.send(
        new ec2.CreateSubnetCommand({ VpcId: vpc, CidrBlock: '10.7.1.0/24', TagSpecifications: spec('subnet') }),
      )
    ).Subnet?.SubnetId;
    const table = (
      await client.send(new ec2.CreateRouteTableCommand({ VpcId: vpc, TagSpecifications: spec('route-table') }))
    ).RouteTable?.RouteTableId;
    await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId: table, SubnetId: subnet }));
    const gateway = (
      await client.send(new ec2.CreateInternetGatewayCommand({ TagSpecifications: spec('internet-gateway') }))
    ).InternetGateway?.InternetGatewayId;
    await client.send(new ec2.AttachInternetGatewayCommand({ InternetGatewayId: gateway, VpcId: vpc }));
    await client.send(
      new ec2.CreateRouteCommand({ RouteTableId: table, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway }),
    );
    const address =
      (await client.send(new ec2.AllocateAddressCommand({ Domain: 'vpc', TagSpecifications: spec('elastic-ip') })))
        .AllocationId ?? '';
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const line = `ssh-rsa ${sshRsa(publicKey.export({ format: 'jwk' }))}`;
    await client.send(
      new ec2.ImportKeyPairCommand({
        KeyName: `${cluster}-key`,
        PublicKeyMaterial: Buffer.from(line),
        TagSpecifications: spec('key-pair'),
      }),
    );
    const images = await client.send(new ec2.DescribeImagesCommand({ Owners: ['099720109477'] }));
    const run = await client.send(
      new ec2.RunInstancesCommand({
        ImageId: images.Images?.[0]?.ImageId,
        InstanceType: 't3.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        TagSpecifications: [
          { ResourceType: 'instance', Tags: [...TagSet, { Key: 'platform/node', Value: 'k8s-worker-1' }] },
        ],
      }),
    );
    const instance = run.Instances?.[0]?.InstanceId ?? '';
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
    });
    await people.send(
      new iam.CreateRoleCommand({ RoleName: `${cluster}-node`, AssumeRolePolicyDocument, Tags: TagSet }),
    );
    await people.send(new iam.CreateRoleCommand({ RoleName: `${cluster}-other`, AssumeRolePolicyDocument }));

    const owned = await aws.owned(cluster);
    expect(owned.map(({ type, id }) => ({ type, id }))).toEqual(
      expect.arrayContaining([
        { type: 'aws_instance', id: instance },
        { type: 'aws_vpc', id: vpc },
        { type: 'aws_subnet', id: subnet },
        { type: 'aws_route_table', id: table },
        { type: 'aws_route', id: `${table}_0.0.0.0/0` },
        { type: 'aws_route_table_association', id: `${subnet}/${table}` },
        { type: 'aws_internet_gateway', id: gateway },
        { type: 'aws_eip', id: address },
        { type: 'aws_key_pair', id: `${cluster}-key` },
        { type: 'aws_iam_role', id: `${cluster}-node` },
      ]),
    );
    expect(owned).toHaveLength(10);

    await until('the instance runs', async () => (await aws.instances(cluster))[0]?.state === 'running', 20_000);
    expect(await aws.instances(cluster)).toMatchObject([{ id: instance, node: 'k8s-worker-1', type: 't3.large' }]);
    await aws.associateAddress(address, instance);
    expect(await aws.address(address)).toMatchObject({ instance });
    expect(await aws.address('eipalloc-00000000')).toBeUndefined();
    expect(await aws.quotas()).toMatchObject({ standardVcpus: { used: 2 }, elasticAddresses: { used: 1 } });
    expect(await aws.console(instance)).toEqual(expect.any(String));
    expect(await aws.instanceTypes(['t3.large', 'm5.xlarge', 'z9.huge'])).toEqual({
      't3.large': { vcpus: 2, memory: 8 * 1024 ** 3 },
      'm5.xlarge': { vcpus: 4, memory: 16 * 1024 ** 3 },
    });
    expect(
      await aws.certificate(`arn:aws:acm:${region}:123456789012:certificate/11111111-1111-1111-1111-111111111111`),
    ).toBeUndefined();
    expect(
      await aws.existing([
        { kind: 'key-pair', name: `${cluster}-key` },
        { kind: 'role', name: `${cluster}-node` },
        { kind: 'policy', name: 'nope' },
      ]),
    ).toHaveLength(2);
  });

  test('a server that is not there is transient', async () => {
    const nowhere = openAws({ region, endpoint: 'http://127.0.0.1:1' });
    await expect(nowhere.caller()).rejects.toMatchObject({ code: 'AWS', class: 'transient' });
  });
});

/** The body of an `ssh-rsa` key (RFC 4253, 6.6). */
function sshRsa(key: { n?: string; e?: string }): string {
  const number = (base64 = ''): Buffer => {
    const bytes = Buffer.from(base64, 'base64url');
    return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  const parts = [Buffer.from('ssh-rsa'), number(key.e), number(key.n)];
  return Buffer.concat(
    parts.flatMap((part) => [Buffer.from(Uint32Array.of(part.length).buffer).swap32(), part]),
  ).toString('base64');
}
