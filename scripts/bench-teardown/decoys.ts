import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  EC2Client,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import {
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { ChangeResourceRecordSetsCommand, ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { keysOf, type World } from './world.ts';

const region = 'ap-northeast-2';
const zone = `${region}a`;
const tagged = (ResourceType: ResourceType, tags: Readonly<Record<string, string>>) => ({
  TagSpecifications: [{ ResourceType, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }],
});

/** Of a hundred: what an account is full of. One in ten has a name or a mark that is near to ours. */
const mixture: readonly (readonly [keyof Makers, number])[] = [
  ['volume', 40],
  ['group', 20],
  ['role', 12],
  ['bucket', 8],
  ['record', 12],
  ['balancer', 8],
];

type Makers = Readonly<
  Record<'volume' | 'group' | 'role' | 'bucket' | 'record' | 'balancer', (index: number) => Promise<unknown>>
>;

/** Puts so many things of other people into the account, in a VPC of theirs; gives all that is there since. A load balancer comes with its target group and its interfaces. */
export async function makeDecoys(world: World, count: number): Promise<ReadonlySet<string>> {
  const before = await keysOf(world);
  const settings = {
    region,
    endpoint: world.endpoint,
    credentials: { accessKeyId: 'decoy', secretAccessKey: 'decoy' },
  };
  const ec2 = new EC2Client(settings);
  const elb = new ElasticLoadBalancingV2Client(settings);
  const iam = new IAMClient(settings);
  const route53 = new Route53Client(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const VpcId = vpc.Vpc?.VpcId;
  const subnets = await Promise.all(
    ['a', 'c'].map((letter, index) =>
      ec2.send(
        new CreateSubnetCommand({
          VpcId,
          CidrBlock: `10.9.${index * 16}.0/20`,
          AvailabilityZone: `${region}${letter}`,
        }),
      ),
    ),
  );
  const zones = await route53.send(new ListHostedZonesCommand({}));
  const near = (index: number): string => (index % 10 === 0 ? world.clusterId.slice(0, -1) : 'billing');
  const makers: Makers = {
    volume: (index) =>
      ec2.send(
        new CreateVolumeCommand({
          AvailabilityZone: zone,
          Size: 1,
          ...tagged('volume', {
            'ebs.csi.aws.com/cluster': 'true',
            CSIVolumeName: `pvc-${index}`,
            'kubernetes.io/created-for/pvc/name': `data-${index}`,
            [`kubernetes.io/cluster/${near(index)}-b`]: 'owned',
          }),
        }),
      ),
    group: (index) =>
      ec2.send(
        new CreateSecurityGroupCommand({
          VpcId,
          GroupName: `k8s-${near(index)}-${index}`,
          Description: 'of another team',
          ...tagged('security-group', { 'elbv2.k8s.aws/cluster': `${near(index)}-b` }),
        }),
      ),
    role: (index) =>
      iam.send(new CreateRoleCommand({ RoleName: `${near(index)}-role-${index}`, AssumeRolePolicyDocument: '{}' })),
    bucket: (index) =>
      s3.send(
        new CreateBucketCommand({
          Bucket: `${near(index)}-bucket-${index}`,
          CreateBucketConfiguration: { LocationConstraint: region },
        }),
      ),
    record: (index) =>
      route53.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: zones.HostedZones?.[0]?.Id,
          ChangeBatch: {
            Changes: [
              {
                Action: 'CREATE',
                ResourceRecordSet: {
                  Name: `service-${index}.example.dev`,
                  Type: 'A',
                  TTL: 300,
                  ResourceRecords: [{ Value: '198.51.100.7' }],
                },
              },
            ],
          },
        }),
      ),
    balancer: async (index) => {
      await elb.send(
        new CreateLoadBalancerCommand({
          Name: `k8s-web-${index}`,
          Scheme: 'internal',
          Subnets: subnets.flatMap(({ Subnet }) => Subnet?.SubnetId ?? []),
          Tags: [{ Key: 'elbv2.k8s.aws/cluster', Value: `${near(index)}-b` }],
        }),
      );
      await elb.send(new CreateTargetGroupCommand({ Name: `k8s-web-${index}`, Protocol: 'HTTP', Port: 80, VpcId }));
    },
  };
  const jobs = mixture.flatMap(([kind, percent]) =>
    Array.from({ length: Math.round((count * percent) / 100) }, (_, index) => () => makers[kind](index)),
  );
  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: 8 }, work));
  for (const client of [ec2, elb, iam, route53, s3]) client.destroy();
  return new Set([...(await keysOf(world))].filter((key) => !before.has(key)));
}
