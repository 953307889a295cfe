import type { EstateSeed, Tags } from '../contract/estate-seed.ts';
import type { Random } from './random.ts';
import type { Resource } from './wire-aws.ts';
import { domain } from './wire-build.ts';

/** The parts of our platform that others build upon; each may be missing. */
export interface Standing {
  readonly clusterId: string;
  readonly vpc: string | undefined;
  readonly subnets: readonly string[];
  readonly nodes: string | undefined;
  /** Machines with their subnets, the control plane first. */
  readonly machines: readonly Resource[];
  readonly certificate: string | undefined;
  readonly bucket: string | undefined;
  readonly address: string | undefined;
  readonly zone: string;
}

export function standingIn(resources: readonly Resource[], clusterId: string): Standing {
  const ours = resources.filter(({ tags }) => tags['platform/cluster'] === clusterId);
  const of = (kind: string): readonly Resource[] => ours.filter((one) => one.kind === kind);
  const zone = resources.find(({ kind }) => kind === 'hosted-zone')?.id.replace('/hostedzone/', '') ?? '';
  return {
    clusterId,
    vpc: of('vpc')[0]?.id,
    subnets: of('subnet').map(({ id }) => id),
    nodes: of('security-group').find(({ name }) => name === `${clusterId}-node`)?.id,
    machines: of('instance').toSorted((a, b) => a.name.localeCompare(b.name)),
    certificate: of('certificate').find(({ state }) => state === 'ISSUED')?.id,
    bucket: of('bucket')[0]?.id,
    address: of('address')[0]?.id,
    zone,
  };
}

export const bornTags = (clusterId: string, name?: string): Tags => ({
  ...(name === undefined ? {} : { Name: name }),
  'platform/cluster': clusterId,
  'platform/environment': 'sandbox',
  [`kubernetes.io/cluster/${clusterId}`]: 'owned',
});

/** What the driver writes on a volume (aws-ebs-csi-driver pkg/driver/controller.go). */
export const driverTags = (volume: string, clusterId?: string): Tags => ({
  CSIVolumeName: volume,
  'ebs.csi.aws.com/cluster': 'true',
  ...(clusterId === undefined
    ? {}
    : { ...bornTags(clusterId, `${clusterId}-dynamic-${volume}`), KubernetesCluster: clusterId }),
});

/** One entrance as the load balancer controller makes it, or what is left of it: `parts` of load balancer, target group and groups. */
export async function makeEntrance(
  seed: EstateSeed,
  random: Random,
  { clusterId, vpc, subnets, nodes, certificate }: Standing,
  stack: string,
  isWhole: boolean,
): Promise<{ readonly groups: readonly string[] }> {
  if (vpc === undefined) return { groups: [] };
  const short = `k8s-${stack.replaceAll(/[^a-z0-9]/g, '').slice(0, 17)}-${random.letters(10)}`;
  const marks = { ...bornTags(clusterId), 'elbv2.k8s.aws/cluster': clusterId };
  const tags = (resource: string): Tags => ({
    ...marks,
    'ingress.k8s.aws/stack': stack,
    'ingress.k8s.aws/resource': resource,
  });
  const front = await seed.group(vpc, short, tags('ManagedLBSecurityGroup'));
  await seed.rule(front);
  const backend = await seed.group(vpc, `k8s-traffic-${clusterId.replaceAll('-', '')}-${random.letters(10)}`, {
    ...marks,
    'elbv2.k8s.aws/resource': 'backend-sg',
  });
  if (nodes !== undefined)
    await seed.rule(nodes, { peer: backend, description: 'elbv2.k8s.aws/targetGroupBinding=shared' });
  const target = await seed.targetGroup(vpc, `k8s-${random.letters(10)}`, tags(`${stack}:80`));
  if (isWhole && subnets.length > 1)
    await seed.loadBalancer({
      name: short,
      subnets: subnets.slice(0, 2),
      groups: [front, backend],
      tags: tags('LoadBalancer'),
      targetGroups: [target],
      protected: random.chance(0.2),
      ...(certificate === undefined || random.chance(0.5) ? {} : { certificate }),
    });
  return { groups: [front, backend] };
}

/** A name with the record that says whose it is. */
export async function makeName(seed: EstateSeed, zone: string, name: string, owner?: string): Promise<void> {
  const host = `${name}.${domain}`;
  await seed.record(zone, { name: host, type: 'A', ttl: 60, values: ['198.51.100.7'] });
  if (owner !== undefined)
    await seed.record(zone, {
      name: `_platform-owner.${host}`,
      type: 'TXT',
      ttl: 300,
      values: [`"heritage=platform,platform/cluster=${owner}"`],
    });
}
