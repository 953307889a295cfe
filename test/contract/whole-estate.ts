import type { EstateSeed, Tags } from './estate-seed.ts';

/** Everything that a platform of three machines leaves in an account when its cluster is dead: Terraform's, the controllers', ours. */
export async function seedWholeEstate(seed: EstateSeed, cluster: string, domain: string): Promise<string> {
  const tags: Tags = { 'platform/cluster': cluster, [`kubernetes.io/cluster/${cluster}`]: 'owned' };
  const ofController: Tags = { 'elbv2.k8s.aws/cluster': cluster };
  const vpc = await seed.vpc(tags);
  const subnets = [await seed.subnet(vpc, tags), await seed.subnet(vpc, tags)];
  await seed.internetGateway(vpc, tags);
  await seed.routeTable(vpc, tags, subnets);
  const nodes = await seed.group(vpc, `${cluster}-nodes`, tags);
  const shared = await seed.group(vpc, `k8s-traffic-${cluster}`, ofController);
  const entrance = await seed.group(vpc, `k8s-argocd-${cluster}`, ofController);
  await seed.rule(nodes, { peer: nodes, port: 10_250 });
  await seed.rule(nodes, { peer: shared, description: 'elbv2.k8s.aws/targetGroupBinding=shared' });
  await seed.rule(nodes, { port: 22 });
  const policy = await seed.policy(`${cluster}-data`, { tags, versions: 2 });
  const role = await seed.role(`${cluster}-node`, { tags, attached: [policy], inline: ['s3'] });
  const profile = await seed.instanceProfile(`${cluster}-node`, { tags, roles: [role] });
  await seed.keyPair(`${cluster}-key`, tags);
  for (const subnet of [...subnets, ...subnets.slice(0, 1)]) {
    const volumes = [await seed.volume(tags), await seed.volume(tags)];
    const instance = await seed.instance({ subnet, groups: [nodes], tags, volumes, profile });
    await seed.address(tags, { instance });
  }
  const certificate = await seed.certificate(domain, tags);
  const targets = [
    await seed.targetGroup(vpc, `k8s-a-${cluster}`.slice(0, 32), ofController),
    await seed.targetGroup(vpc, `k8s-b-${cluster}`.slice(0, 32), ofController),
  ];
  await seed.loadBalancer({
    name: `k8s-${cluster}`.slice(0, 32),
    subnets,
    groups: [shared, entrance],
    tags: ofController,
    targetGroups: targets,
    certificate,
  });
  const zone = await seed.zone(domain);
  for (const host of ['argocd', 'grafana']) {
    const alias = { name: 'k8s.elb.amazonaws.com', zone: 'ZWKZPGTI48KDX' };
    await seed.record(zone, { name: `${host}.${domain}`, type: 'A', alias });
    const values = [`"heritage=platform,platform/cluster=${cluster}"`];
    await seed.record(zone, { name: `_platform-owner.${host}.${domain}`, type: 'TXT', ttl: 300, values });
  }
  await seed.bucket(`${cluster}-data-123456789012`, { tags, versioned: true, objects: ['a', 'a', 'b'] });
  return vpc;
}
