import * as acm from '@aws-sdk/client-acm';
import * as ec2 from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import * as iam from '@aws-sdk/client-iam';
import * as dns from '@aws-sdk/client-route-53';
import * as s3 from '@aws-sdk/client-s3';
import type { EstateSeed } from './estate-seed.ts';
import { ec2Seed, tagList } from './wire-seed-ec2.ts';

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
});
const rights = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});

/** Fills an account over the wire, past the adapter under test. */
export function wireSeed(endpoint: string, region: string, pass: () => Promise<void>): EstateSeed {
  const options = { endpoint, region, credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } };
  const balancing = new elb.ElasticLoadBalancingV2Client(options);
  const people = new iam.IAMClient(options);
  const certificates = new acm.ACMClient(options);
  const names = new dns.Route53Client(options);
  const store = new s3.S3Client({ ...options, forcePathStyle: true });

  return {
    ...ec2Seed(new ec2.EC2Client(options), region, pass),
    pass,

    loadBalancer: async (wanted) => {
      const Type = wanted.type ?? 'application';
      const made = await balancing.send(
        new elb.CreateLoadBalancerCommand({
          Name: wanted.name,
          Type,
          Subnets: [...wanted.subnets],
          SecurityGroups: wanted.groups === undefined ? undefined : [...wanted.groups],
          Tags: wanted.tags === undefined ? undefined : tagList(wanted.tags),
        }),
      );
      const LoadBalancerArn = made.LoadBalancers?.[0]?.LoadBalancerArn ?? '';
      if (wanted.protected === true)
        await balancing.send(
          new elb.ModifyLoadBalancerAttributesCommand({
            LoadBalancerArn,
            Attributes: [{ Key: 'deletion_protection.enabled', Value: 'true' }],
          }),
        );
      if (wanted.certificate !== undefined)
        await balancing.send(
          new elb.CreateListenerCommand({
            LoadBalancerArn,
            Protocol: 'HTTPS',
            Port: 443,
            Certificates: [{ CertificateArn: wanted.certificate }],
            DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
          }),
        );
      for (const [index, TargetGroupArn] of (wanted.targetGroups ?? []).entries())
        await balancing.send(
          new elb.CreateListenerCommand({
            LoadBalancerArn,
            Protocol: Type === 'network' ? 'TCP' : 'HTTP',
            Port: 80 + index,
            DefaultActions: [{ Type: 'forward', TargetGroupArn }],
          }),
        );
      return LoadBalancerArn;
    },
    targetGroup: async (VpcId, Name, tags) => {
      const made = await balancing.send(
        new elb.CreateTargetGroupCommand({
          Name,
          VpcId,
          Protocol: 'HTTP',
          Port: 80,
          Tags: tags === undefined ? undefined : tagList(tags),
        }),
      );
      return made.TargetGroups?.[0]?.TargetGroupArn ?? '';
    },

    role: async (RoleName, wanted = {}) => {
      const Tags = wanted.tags === undefined ? undefined : tagList(wanted.tags);
      const input = { RoleName, AssumeRolePolicyDocument: trust, Tags, Path: wanted.path ?? '/' };
      await people.send(new iam.CreateRoleCommand(input));
      for (const PolicyArn of wanted.attached ?? [])
        await people.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
      for (const PolicyName of wanted.inline ?? [])
        await people.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: rights }));
      return RoleName;
    },
    instanceProfile: async (InstanceProfileName, wanted = {}) => {
      const Tags = wanted.tags === undefined ? undefined : tagList(wanted.tags);
      await people.send(new iam.CreateInstanceProfileCommand({ InstanceProfileName, Tags }));
      for (const RoleName of wanted.roles ?? [])
        await people.send(new iam.AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
      return InstanceProfileName;
    },
    policy: async (PolicyName, wanted = {}) => {
      const Tags = wanted.tags === undefined ? undefined : tagList(wanted.tags);
      const made = await people.send(new iam.CreatePolicyCommand({ PolicyName, PolicyDocument: rights, Tags }));
      const PolicyArn = made.Policy?.Arn ?? '';
      for (let version = 1; version < (wanted.versions ?? 1); version += 1)
        await people.send(
          new iam.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: rights, SetAsDefault: true }),
        );
      return PolicyArn;
    },

    certificate: async (DomainName, tags) => {
      const made = await certificates.send(
        new acm.RequestCertificateCommand({
          DomainName,
          ValidationMethod: 'DNS',
          Tags: tags === undefined ? undefined : tagList(tags),
        }),
      );
      return made.CertificateArn ?? '';
    },

    bucket: async (Bucket, wanted = {}) => {
      const CreateBucketConfiguration = { LocationConstraint: region as s3.BucketLocationConstraint };
      await store.send(new s3.CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
      if (wanted.tags !== undefined)
        await store.send(new s3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tagList(wanted.tags) } }));
      if (wanted.versioned === true)
        await store.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
      for (const Key of [...(wanted.objects ?? []), ...(wanted.deleted ?? [])])
        await store.send(new s3.PutObjectCommand({ Bucket, Key, Body: Key }));
      for (const Key of wanted.deleted ?? []) await store.send(new s3.DeleteObjectCommand({ Bucket, Key }));
      for (const Key of wanted.uploads ?? []) await store.send(new s3.CreateMultipartUploadCommand({ Bucket, Key }));
      return Bucket;
    },

    zone: async (Name) => {
      const made = await names.send(new dns.CreateHostedZoneCommand({ Name, CallerReference: Name }));
      return (made.HostedZone?.Id ?? '').replace('/hostedzone/', '');
    },
    record: async (HostedZoneId, { name, type, ttl, values, alias }) => {
      const set: dns.ResourceRecordSet =
        alias === undefined
          ? { Name: name, Type: type, TTL: ttl ?? 300, ResourceRecords: (values ?? []).map((Value) => ({ Value })) }
          : {
              Name: name,
              Type: type,
              AliasTarget: { DNSName: alias.name, HostedZoneId: alias.zone, EvaluateTargetHealth: false },
            };
      const Changes = [{ Action: 'UPSERT' as const, ResourceRecordSet: set }];
      await names.send(new dns.ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } }));
      return `${HostedZoneId}/${type}/${name}`;
    },
  };
}
