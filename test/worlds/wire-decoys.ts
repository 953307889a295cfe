import type { EstateSeed } from '../contract/estate-seed.ts';
import type { Random } from './random.ts';
import { bornTags, driverTags, makeEntrance, makeName, type Standing } from './wire-fill.ts';

export interface DecoyPlace {
  readonly seed: EstateSeed;
  readonly random: Random;
  readonly standing: Standing;
  /** Groups of our load balancers. */
  readonly fronts: readonly string[];
}

/** Those that carry our very id elsewhere: a tag alone proves nothing then. */
export const twins: ReadonlySet<string> = new Set(['a cluster of the very same id']);

/** Those that stand in our network: a teardown cannot end before their owners take them away. */
export const blocking: ReadonlySet<string> = new Set([
  'a group that names ours',
  'a machine in our network',
  'a load balancer made by hand',
]);

/** Things of other people that look like ours or stand in our way. */
export const decoys: Readonly<Record<string, (place: DecoyPlace) => Promise<void>>> = {
  'a cluster of the very same id': (place) => otherCluster(place, place.standing.clusterId),
  'a cluster whose id begins like ours': (place) => otherCluster(place, `${place.standing.clusterId}-2`),
  'a cluster whose id ours begins with': (place) => otherCluster(place, place.standing.clusterId.slice(0, -1)),
  'shared things': async ({ seed, standing: { clusterId } }) => {
    const tags = { [`kubernetes.io/cluster/${clusterId}`]: 'shared' };
    const vpc = await seed.vpc({ Name: 'shared' });
    await seed.subnet(vpc, tags);
    await seed.volume(tags);
  },
  'volumes of other clusters': async ({ seed, standing: { clusterId, machines } }) => {
    await seed.volume(driverTags('pvc-1'));
    await seed.volume({ ...driverTags('pvc-2'), [`kubernetes.io/cluster/${clusterId}-2`]: 'owned' });
    const [machine] = machines;
    if (machine !== undefined) await seed.volume({ Owner: 'alice' }, machine.id);
  },
  'records of others': async ({ seed, standing: { zone, clusterId } }) => {
    await makeName(seed, zone, 'www');
    await makeName(seed, zone, 'grafana', `${clusterId}-2`);
    await makeName(seed, zone, 'shop', clusterId.slice(0, -1));
    await seed.record(zone, {
      name: 'a-api.example.dev',
      type: 'TXT',
      ttl: 300,
      values: [`"heritage=external-dns,external-dns/owner=${clusterId},external-dns/resource=ingress/web/shop"`],
    });
  },
  'names like ours': async ({ seed, standing: { clusterId } }) => {
    await seed.keyPair(`${clusterId}-key-2`);
    await seed.role(`${clusterId}-nodes`, { inline: ['all'] });
    await seed.instanceProfile(`${clusterId}-nodes`, { roles: [`${clusterId}-nodes`] });
    await seed.policy(`${clusterId}-node`);
    await seed.bucket(`${clusterId}-data-2`, { objects: ['one'] });
    await seed.certificate('example.dev');
    await seed.address({ Name: `${clusterId}-master` });
  },
  'tags that contradict themselves': async ({ seed, standing: { clusterId } }) => {
    await seed.volume({ ...bornTags(clusterId), 'kubernetes.io/cluster/other': 'owned' });
    await seed.address({ ...bornTags(clusterId), 'platform/environment': 'prod' });
  },
  'a group that names ours': async ({ seed, standing: { vpc, nodes }, fronts }) => {
    if (vpc === undefined) return;
    const group = await seed.group(vpc, 'database', { Owner: 'bob' });
    await seed.rule(group, { description: 'from the office' });
    await seed.rule(group, { peer: group, description: 'among themselves' });
    for (const peer of [...(nodes === undefined ? [] : [nodes]), ...fronts])
      await seed.rule(group, { peer, description: 'from the cluster', port: 5432 });
  },
  'a machine in our network': async ({ seed, random, standing: { subnets, nodes } }) => {
    const [subnet] = subnets;
    if (subnet === undefined) return;
    const groups = nodes !== undefined && random.chance(0.5) ? { groups: [nodes] } : {};
    await seed.instance({ subnet, tags: { Name: 'jump host', Owner: 'erin' }, ...groups });
  },
  'a load balancer made by hand': async ({ seed, standing: { vpc, subnets } }) => {
    if (vpc === undefined || subnets.length < 2) return;
    const group = await seed.group(vpc, 'alice', { Owner: 'alice' });
    const targetGroups = [await seed.targetGroup(vpc, 'alice', { Owner: 'alice' })];
    await seed.loadBalancer({ name: 'alice', subnets: subnets.slice(0, 2), groups: [group], targetGroups });
  },
};

/** A cluster made by the same product in a network of its own. */
async function otherCluster({ seed, random, standing }: DecoyPlace, clusterId: string): Promise<void> {
  const tags = (suffix: string) => bornTags(clusterId, `${clusterId}-${suffix}`);
  const vpc = await seed.vpc(bornTags(clusterId, clusterId));
  const subnets = [await seed.subnet(vpc, tags('public-0')), await seed.subnet(vpc, tags('public-1'))];
  await seed.internetGateway(vpc, bornTags(clusterId, clusterId));
  const nodes = await seed.group(vpc, `${clusterId}-node`, tags('node'));
  await seed.rule(nodes, { peer: nodes });
  const volume = await seed.volume(driverTags(`pvc-${random.letters(6)}`, clusterId));
  const volumes = random.chance(0.5) ? { volumes: [volume] } : {};
  const machine = { ...tags('master'), 'platform/node': 'master', 'platform/node-role': 'control-plane' };
  await seed.instance({ subnet: subnets[0] ?? '', groups: [nodes], tags: machine, ...volumes });
  const theirs = { ...standing, clusterId, vpc, subnets, nodes, certificate: undefined };
  await makeEntrance(seed, random, theirs, 'argocd/argocd', true);
  await seed.address(tags('master'));
  // Names are taken by ours.
  if (clusterId === standing.clusterId) return;
  await seed.keyPair(`${clusterId}-key`, tags('key'));
  await seed.role(`${clusterId}-node`, { tags: tags('node') });
  await seed.instanceProfile(`${clusterId}-node`, { tags: tags('node'), roles: [`${clusterId}-node`] });
  await seed.bucket(`${clusterId}-data-123456789012`, { tags: tags('data') });
  await makeName(seed, standing.zone, 'argocd-2', clusterId);
}
