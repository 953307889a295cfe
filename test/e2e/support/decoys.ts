import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { ChangeResourceRecordSetsCommand, ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import type { Project } from './project.ts';

const credentials = { accessKeyId: 'decoy', secretAccessKey: 'decoy' };
const tagged = (ResourceType: ResourceType, tags: Readonly<Record<string, string>>) => ({
  TagSpecifications: [{ ResourceType, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }],
});

/** Things of other people beside ours, as near to ours as they come: none of them may change. */
export async function makeDecoys(project: Project, clusterId: string): Promise<void> {
  const settings = { region: 'ap-northeast-2', endpoint: project.sandbox().endpoint, credentials };
  const ec2 = new EC2Client(settings);
  const route53 = new Route53Client(settings);
  const AvailabilityZone = 'ap-northeast-2a';
  // Another cluster of the same id in a VPC of its own.
  const twin = await ec2.send(
    new CreateVpcCommand({
      CidrBlock: '10.9.0.0/16',
      ...tagged('vpc', {
        'platform/cluster': clusterId,
        'platform/environment': 'sandbox',
        [`kubernetes.io/cluster/${clusterId}`]: 'owned',
      }),
    }),
  );
  const VpcId = twin.Vpc?.VpcId;
  await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.9.1.0/24' }));
  await ec2.send(
    new CreateSecurityGroupCommand({
      VpcId,
      GroupName: 'k8s-traffic-twin',
      Description: 'of the twin',
      ...tagged('security-group', { 'elbv2.k8s.aws/cluster': clusterId }),
    }),
  );
  // Volumes of another cluster's driver, of a longer name that begins with ours, and shared ones.
  for (const tags of [
    { 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: 'pvc-1', 'kubernetes.io/cluster/another': 'owned' },
    { 'ebs.csi.aws.com/cluster': 'true', [`kubernetes.io/cluster/${clusterId}-b`]: 'owned' },
    { [`kubernetes.io/cluster/${clusterId}`]: 'shared' },
  ])
    await ec2.send(new CreateVolumeCommand({ AvailabilityZone, Size: 1, ...tagged('volume', tags) }));
  // A group of someone else in our VPC's neighbourhood whose rule lets our nodes in.
  const groups = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'tag:platform/cluster', Values: [clusterId] }] }),
  );
  const node = groups.SecurityGroups?.find(({ VpcId: vpc }) => vpc !== VpcId);
  const foreign = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId, GroupName: 'database', Description: 'of a database team' }),
  );
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: foreign.GroupId,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '10.0.0.0/16' }] }],
    }),
  );
  if (node === undefined) throw new Error('the node group of the cluster was not found');
  const zones = await route53.send(new ListHostedZonesCommand({}));
  await route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zones.HostedZones?.[0]?.Id,
      ChangeBatch: {
        Changes: [
          {
            Action: 'CREATE',
            ResourceRecordSet: {
              Name: '_platform-owner.shop.example.dev',
              Type: 'TXT',
              TTL: 300,
              ResourceRecords: [{ Value: `"heritage=platform,platform/cluster=${clusterId}-b"` }],
            },
          },
          {
            Action: 'CREATE',
            ResourceRecordSet: {
              Name: 'shop.example.dev',
              Type: 'A',
              TTL: 300,
              ResourceRecords: [{ Value: '198.51.100.7' }],
            },
          },
        ],
      },
    }),
  );
  ec2.destroy();
  route53.destroy();
}
