import type { AwsWriter } from '../ports-aws.ts';
import { openAcm } from './acm.ts';
import { openEc2 } from './ec2.ts';
import { openLoadBalancing } from './elbv2.ts';
import { openIam } from './iam.ts';
import { listOwned, ownershipTag } from './owned.ts';
import { openRoute53 } from './route53.ts';
import { openS3 } from './s3.ts';
import { elasticAddressQuota, openServiceQuotas, standardVcpuQuota } from './service-quotas.ts';
import { once, openSession } from './session.ts';
import type { AwsOptions } from './session.ts';
import { openSts } from './sts.ts';

export type { AwsOptions } from './session.ts';

/** AWS through the official SDK. Sends nothing yet, and loads the client of a service only when it is first asked. */
export function openAws(options: AwsOptions): AwsWriter {
  const session = openSession(options);
  const acm = once(() => openAcm(session));
  const balancing = once(() => openLoadBalancing(session));
  const ec2 = once(() => openEc2(session));
  const iam = once(() => openIam(session));
  const limits = once(() => openServiceQuotas(session));
  const route53 = once(() => openRoute53(session));
  const s3 = once(() => openS3(session));
  const sts = once(() => openSts(session));

  // What is looked up by name, one rule for each kind.
  const lookups: Readonly<Record<string, (names: readonly string[]) => Promise<readonly string[]>>> = {
    'key-pair': async (names) => (await ec2()).keyPairs(names),
    policy: async (names) => (await iam()).policies(names),
    role: (names) => present(names, async (name) => (await (await iam()).role(name)) !== undefined),
    'instance-profile': (names) =>
      present(names, async (name) => (await (await iam()).instanceProfile(name)) !== undefined),
    bucket: (names) => present(names, async (name) => (await (await s3()).bucket(name)).exists),
  };

  return {
    region: options.region,
    caller: async () => (await sts()).caller(),
    bucket: async (name) => (await s3()).bucket(name),
    object: async (bucket, key) => (await s3()).object(bucket, key),
    objectSize: async (bucket, key) => (await s3()).objectSize(bucket, key),
    objects: async (bucket, prefix) => (await s3()).objects(bucket, prefix),
    lifecycle: async (bucket) => (await s3()).lifecycle(bucket),
    instances: async (clusterId) => (await ec2()).instances({ [ownershipTag]: clusterId }),
    instancesIn: async (vpc) => (await ec2()).instances({}, vpc),
    console: async (instance) => (await ec2()).console(instance),
    address: async (allocation) => (await ec2()).address(allocation),
    certificate: async (arn) => (await acm()).certificate(arn),
    zone: async (domain) => (await route53()).zone(domain),
    records: async (zone, names) => (await route53()).records(zone, names),
    loadBalancer: async (hostname) => (await balancing()).loadBalancer(hostname),
    targetHealth: async (loadBalancer) => (await balancing()).targetHealth(loadBalancer),
    instanceTypes: async (types) => (await ec2()).instanceTypes(types),
    denied: async (actions, scope) => (await iam()).denied((await (await sts()).caller()).arn, actions, scope),
    keyPair: async (name) => (await ec2()).keyPair(name),
    snapshots: async (ids) => (await ec2()).snapshots(ids),
    owned: async (clusterId) =>
      listOwned(clusterId, { ec2: await ec2(), iam: await iam(), s3: await s3(), acm: await acm() }),

    async quotas() {
      const [machines, quota] = await Promise.all([ec2(), limits()]);
      const [instances, addresses, standardLimit, addressLimit] = await Promise.all([
        machines.instances(),
        machines.addressCount(),
        quota.limit(standardVcpuQuota),
        quota.limit(elasticAddressQuota),
      ]);
      // The quota counts what runs on demand in the standard families; stopped machines and spot do not count.
      const counted = instances.filter(
        (instance) =>
          ['pending', 'running'].includes(instance.state) && !instance.spot && /^[acdhimrtz]\d/.test(instance.type),
      );
      const sizes = await machines.instanceTypes(counted.map((instance) => instance.type));
      const used = counted.reduce((sum, instance) => sum + (sizes[instance.type]?.vcpus ?? 0), 0);
      return {
        standardVcpus: { limit: standardLimit, used },
        elasticAddresses: { limit: addressLimit, used: addresses },
      };
    },

    async existing(names) {
      const found = await Promise.all(
        Object.entries(lookups).map(async ([kind, look]) => {
          const asked = names.filter((name) => name.kind === kind).map(({ name }) => name);
          return asked.length === 0 ? [] : (await look(asked)).map((name) => ({ kind, name }));
        }),
      );
      return found.flat();
    },

    makeBucket: async (name, tags) => (await s3()).makeBucket(name, tags),
    putObject: async (bucket, key, body, when) => (await s3()).putObject(bucket, key, body, when),
    removeObject: async (bucket, key) => (await s3()).removeObject(bucket, key),
    putLifecycle: async (bucket, rules) => (await s3()).putLifecycle(bucket, rules),
    associateAddress: async (allocation, instance) => (await ec2()).associateAddress(allocation, instance),
    makeSnapshot: async (volume, tags, description) => (await ec2()).makeSnapshot(volume, tags, description),
    changeRecords: async (zone, changes) => (await route53()).changeRecords(zone, changes),
  };
}

async function present(
  names: readonly string[],
  exists: (name: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const found = await Promise.all(names.map(async (name) => ((await exists(name)) ? [name] : [])));
  return found.flat();
}
