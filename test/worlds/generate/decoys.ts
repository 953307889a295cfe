import { AccountMaker } from '../memory-aws/maker.ts';
import type { Thing } from '../memory-aws/thing.ts';
import { bornTags, environment, type World } from '../world.ts';
import type { Built } from './account.ts';

type Decoy = (world: World, built: Built, theirs: AccountMaker) => void;

/** Names that look like ours: the beginning of ours, ours as a beginning, another life, another environment. */
export function similarIds({ clusterId, random }: World): readonly string[] {
  return [
    clusterId.slice(0, -1),
    `${clusterId}-2`,
    `${clusterId}x`,
    `demo-${environment}-${random.letters(5)}`,
    `demo-prod-${random.letters(5)}`,
    `x${clusterId}`,
  ];
}

/** A whole cluster of somebody else's, made by the same product. */
function wholeCluster(world: World, theirs: AccountMaker, id: string, inTags = id): void {
  const { aws, random } = world;
  const tags = (suffix: string) => bornTags(inTags, environment, `${id}-${suffix}`);
  const vpc = theirs.vpc({ ...bornTags(inTags, environment, id) });
  const subnet = theirs.inside('subnet', vpc.id, tags('public-0'));
  theirs.inside('internet-gateway', vpc.id, tags('gateway'));
  const nodes = theirs.group(vpc.id, `${id}-node`, tags('node'));
  theirs.rule(nodes.id, { peer: nodes.id });
  const isTwin = id === world.clusterId;
  if (!isTwin) {
    const role = theirs.put('role', { name: `${id}-node`, tags: tags('node') });
    theirs.put('instance-profile', { name: `${id}-node`, tags: tags('node'), holds: [{ kind: 'role', id: role.id }] });
    theirs.put('key-pair', { name: `${id}-key`, tags: tags('key') });
    theirs.put('bucket', { name: `${id}-data-${aws.account}`, tags: tags('data'), objects: random.whole(0, 3) });
    theirs.put('certificate', { name: `${random.letters(4)}.${world.domain}`, tags: tags('certificate') });
    theirs.put('address', { tags: tags('k8s-master'), name: `${id}-k8s-master` });
  }
  const volume = theirs.volume({
    ...tags('dynamic'),
    'ebs.csi.aws.com/cluster': 'true',
    CSIVolumeName: `pvc-${random.letters(8)}`,
  });
  theirs.instance({
    subnet: subnet.id,
    groups: [nodes.id],
    volumes: [volume.id],
    tags: { ...tags('k8s-master'), 'platform/node': 'k8s-master' },
    diskTags: tags('k8s-master'),
  });
  const marks = { 'elbv2.k8s.aws/cluster': inTags, 'ingress.k8s.aws/stack': 'argocd/argocd' };
  const front = theirs.group(vpc.id, `k8s-${random.letters(10)}`, {
    ...marks,
    'ingress.k8s.aws/resource': 'ManagedLBSecurityGroup',
  });
  theirs.rule(nodes.id, { peer: front.id, description: 'elbv2.k8s.aws/targetGroupBinding=shared' });
  const target = theirs.put('target-group', {
    name: `k8s-${random.letters(10)}`,
    vpc: vpc.id,
    tags: { ...marks, 'ingress.k8s.aws/resource': 'argocd/x:80' },
  });
  theirs.loadBalancer({
    name: `k8s-argocd-${random.letters(10)}`,
    subnets: [subnet.id],
    groups: [front.id],
    tags: { ...marks, 'ingress.k8s.aws/resource': 'LoadBalancer' },
    targetGroups: [target.id],
  });
}

const anySubnet = ({ subnets }: Built, world: World): string | undefined =>
  subnets.length === 0 ? undefined : world.random.pick(subnets).id;

/** Those that stand in our network or use what is ours: with one of them a teardown ends in exit 13. */
export const blocking: ReadonlySet<string> = new Set([
  'a load balancer made by hand',
  'untagged things in our network',
  'kinds that we never make',
  "a colleague's machine in our group",
  "a colleague's subnet on our route table",
]);

/** Every kind of thing that looks like ours and is not, or that stands in our way. Each needs no other. */
export const decoys: Readonly<Record<string, Decoy>> = {
  'another cluster': (world, _, theirs) => wholeCluster(world, theirs, world.random.pick(similarIds(world))),
  'a cluster of the same id elsewhere': (world, built, theirs) => {
    // Where nothing of ours was ever recorded nor stands, nobody could tell it from an orphan of ours.
    if (built.vpc === undefined) return;
    world.story.push('twin');
    wholeCluster(world, theirs, world.clusterId);
  },
  'load balancers of a cluster of the same name elsewhere': (world, built, theirs) => {
    if (built.vpc === undefined) return;
    world.story.push('twin');
    wholeCluster(world, theirs, `other-${world.random.letters(4)}`, world.clusterId);
  },
  'shared things': (world, built, theirs) => {
    const shared = theirs.as('shared', 'shared by several clusters');
    const tags = { [`kubernetes.io/cluster/${world.clusterId}`]: 'shared' };
    shared.volume(tags);
    const vpc = shared.vpc({ Name: 'shared' });
    shared.inside('subnet', vpc.id, tags);
    if (built.vpc !== undefined && world.random.chance(0.2))
      shared.group(built.vpc.id, `shared-${world.random.letters(4)}`, tags);
  },
  'volumes of other clusters': (world, built, theirs) => {
    const csi = { 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: `pvc-${world.random.letters(8)}` };
    theirs.volume(csi);
    theirs.volume({ ...csi, [`kubernetes.io/cluster/${similarIds(world)[1]}`]: 'owned' });
    const [machine] = built.machines.values();
    if (machine !== undefined && world.random.chance(0.5)) theirs.attach(theirs.volume({ Owner: 'alice' }), machine.id);
  },
  'a load balancer made by hand': (world, built, theirs) => {
    const subnet = anySubnet(built, world);
    if (subnet === undefined || built.vpc === undefined) return;
    const group = theirs.group(built.vpc.id, 'alice', { Owner: 'alice' });
    if (built.nodes !== undefined && world.random.chance(0.5))
      theirs.rule(group.id, { peer: built.nodes.id, direction: 'egress' });
    const target = theirs.put('target-group', { name: 'alice', vpc: built.vpc.id, tags: { Owner: 'alice' } });
    theirs.loadBalancer({
      name: 'alice',
      subnets: [subnet],
      groups: [group.id],
      tags: { Owner: 'alice' },
      targetGroups: [target.id],
    });
  },
  'groups of others that name ours': (world, built, theirs) => {
    if (built.vpc === undefined || built.nodes === undefined) return;
    if (world.random.chance(0.3)) {
      const near = theirs.group(built.vpc.id, `near-${world.random.letters(4)}`, { Owner: 'bob' });
      theirs.rule(near.id, { peer: built.nodes.id, description: 'from the cluster' });
      theirs.rule(near.id, { description: 'from the office' });
      theirs.rule(near.id, { peer: near.id, description: 'among themselves' });
    }
    const home = theirs.vpc({ Name: 'peered' });
    const far = theirs.group(home.id, 'far', { Owner: 'bob' });
    theirs.rule(far.id, { peer: built.nodes.id, description: 'through peering' });
    theirs.rule(far.id, { description: 'from the office' });
  },
  'records of others': (world, built, theirs) => {
    const { random, domain } = world;
    const alias = (name: string, owner?: string): void => {
      theirs.record(built.zone, {
        name,
        type: 'A',
        alias: { name: `x-1.${world.aws.region}.elb.amazonaws.com`, zone: 'Z1' },
      });
      if (owner !== undefined)
        theirs.record(built.zone, { name: `_platform-owner.${name}`, type: 'TXT', ttl: 300, values: [owner] });
    };
    alias(`www.${domain}`);
    alias(`grafana.${domain}`, `"heritage=platform,platform/cluster=${random.pick(similarIds(world))}"`);
    theirs.record(built.zone, { name: `api.${domain}`, type: 'CNAME', ttl: 60, values: ['elsewhere.example.net'] });
    theirs.record(built.zone, {
      name: `a-api.${domain}`,
      type: 'TXT',
      ttl: 300,
      values: [`"heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/web/shop"`],
    });
  },
  'certificates with similar names': (world, _, theirs) => {
    theirs.put('certificate', { name: world.domain, tags: {} });
    theirs.put('certificate', { name: `*.${world.domain}`, tags: { 'platform/cluster': similarIds(world)[0] ?? '' } });
  },
  'later namesakes': (world, built, theirs) => {
    // Somebody deleted ours by hand and made another of the same name: only the records tell the two apart.
    const again = (thing: Thing | undefined): void => {
      if (thing === undefined || world.aws.find(thing.kind, thing.id) === undefined) return;
      if (
        !world.ledger.some(({ unique }) =>
          Object.values(thing.unique).some((fact) => Object.values(unique).includes(fact)),
        )
      )
        return;
      for (const holder of world.aws.holdersOf(thing)) holder.holds = holder.holds.filter(({ id }) => id !== thing.id);
      world.aws.drop(thing);
      theirs.put(thing.kind, { name: thing.name, tags: world.random.chance(0.5) ? {} : { Owner: 'carol' } });
    };
    if (world.random.chance(0.7)) again(built.role);
    if (world.random.chance(0.7)) again(built.keyPair);
  },
  'untagged things in our network': (world, built, theirs) => {
    const subnet = anySubnet(built, world);
    if (subnet === undefined) return;
    const unknown = theirs.as('unknowable', 'in our network, without a mark');
    if (world.random.chance(0.5)) unknown.instance({ subnet });
    if (world.random.chance(0.7)) unknown.networkInterface(subnet);
  },
  'kinds that we never make': (world, built, theirs) => {
    const subnet = anySubnet(built, world);
    if (subnet === undefined || built.vpc === undefined) return;
    const one = world.random.pick(['nat', 'endpoint', 'acl', 'peering', 'scaling', 'distribution'] as const);
    if (one === 'nat') theirs.natGateway(subnet, theirs.put('address', { tags: { Owner: 'dave' } }).id);
    if (one === 'endpoint') theirs.endpoint(built.vpc.id, [subnet]);
    if (one === 'acl') theirs.inside('network-acl', built.vpc.id);
    if (one === 'peering') theirs.inside('peering-connection', built.vpc.id);
    if (one === 'scaling') {
      theirs.instance({ subnet, tags: { 'aws:autoscaling:groupName': 'dave' } });
    }
    if (one === 'distribution' && built.certificate !== undefined)
      theirs.put('distribution', { holds: [{ kind: 'certificate', id: built.certificate.id }] });
  },
  "a colleague's machine in our group": (world, built, theirs) => {
    const subnet = anySubnet(built, world);
    if (subnet === undefined || built.nodes === undefined) return;
    const withProfile = built.profile !== undefined && world.random.chance(0.4);
    theirs.instance({
      subnet,
      groups: [built.nodes.id],
      tags: { Name: 'jump host', Owner: 'erin' },
      public: true,
      ...(withProfile ? { profile: built.profile?.id ?? '' } : {}),
    });
  },
  "a colleague's address on our machine": (_, built, theirs) => {
    const machine = built.machines.get('k8s-worker-1');
    if (machine !== undefined)
      theirs.associate(theirs.put('address', { tags: { Owner: 'erin' } }), { kind: 'instance', id: machine.id });
  },
  "a colleague's subnet on our route table": (_, built, theirs) => {
    if (built.vpc === undefined || built.table === undefined) return;
    const subnet = theirs.inside('subnet', built.vpc.id, { Owner: 'frank' });
    subnet.holds = [...subnet.holds, { kind: 'route-table', id: built.table.id }];
  },
  'tags that contradict themselves': (world, built, theirs) => {
    const odd = theirs.as('unknowable', 'tags say two owners');
    const tags = { ...bornTags(world.clusterId, environment), 'kubernetes.io/cluster/other': 'owned' };
    odd.volume(tags);
    odd.put('key-pair', { name: `${world.clusterId}-spare`, tags });
    if (built.vpc !== undefined && world.random.chance(0.2))
      odd.group(built.vpc.id, `odd-${world.random.letters(4)}`, tags);
  },
  'backups that AWS made': (world, _, theirs) => {
    theirs.put('snapshot', {
      tags: { ...bornTags(world.clusterId, environment), 'aws:backup:source-resource': 'vol' },
      gigabytes: 8,
      managedBy: 'backup',
    });
  },
  'our snapshots': (world, _, theirs) => {
    theirs
      .as('data', 'our snapshot')
      .put('snapshot', { tags: { ...world.tags(), CSIVolumeSnapshotName: 'snap' }, gigabytes: 8 });
  },
};
