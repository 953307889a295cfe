import { canonicalJson } from '../../../src/engine/fingerprint.ts';
import { openLedger } from '../../../src/engine/ledger.ts';
import type { LedgerEntry } from '../../../src/tools/ports.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { AccountMaker } from '../memory-aws/maker.ts';
import { denied, expiredCredentials, serverErrors, throttling } from '../memory-aws/faults.ts';
import type { Thing } from '../memory-aws/thing.ts';
import { unknownIdentity, World } from '../world.ts';
import { accountDeeds, type Built, type Deed } from './account.ts';
import { clusterDeeds, type Controllers } from './cluster.ts';
import { blocking, decoys } from './decoys.ts';
import { ownTreeDeeds } from './own-tree.ts';
import { relabel } from './provable.ts';
import { type Variant, variantOf } from './variants.ts';

/** What a world is made for; everything else is left to its seed. */
export interface Wishes {
  /** No faults: what is left at the end has its reason in the account alone. */
  readonly calm?: true;
  /** A whole platform, nothing cut, nothing lost. */
  readonly whole?: true;
  readonly decoys?: readonly string[];
  /** Controllers that are installed and have no ready pod. */
  readonly dead?: readonly (keyof Controllers)[];
  /** Load balancers are under deletion protection. */
  readonly protected?: true;
  /** Instead of what the seed draws; a whole platform draws nothing of it. */
  readonly variant?: Partial<Variant>;
}

/** One world by its seed: our platform in whatever state a build or a teardown may leave it, among other people's things. */
export async function generateWorld(seed: number, wishes: Wishes = {}): Promise<World> {
  const world = new World(seed, new SimulatedClock());
  const { random } = world;
  const variant: Variant = {
    ...(wishes.whole === true ? { tree: 'ours', choices: {} } : variantOf(seed)),
    ...wishes.variant,
  };
  world.tree = variant.tree;
  const built: Built = { subnets: [], machines: new Map(), zone: '' };
  built.zone = new AccountMaker(world.aws, { truth: 'foreign', why: 'a zone' }).zone(world.domain);
  const controllers = controllersOf(world, wishes);
  const account = world.tree === 'own' ? ownTreeDeeds(world, built) : accountDeeds(world, built);
  const deeds = [...account, ...clusterDeeds(world, built, controllers)];
  const isWhole = wishes.whole === true || random.chance(0.45);
  const cut = isWhole ? deeds.length : random.whole(0, deeds.length - 1);
  for (const [, , deed] of deeds.slice(0, cut)) deed();
  world.story.unshift(isWhole ? 'whole' : `cut before ${deeds[cut]?.[0]}: ${deeds[cut]?.[1]}`);
  if (wishes.whole !== true) damage(world, deeds[cut]);
  forgetGone(world, built);
  const chosen = wishes.decoys ?? Object.keys(decoys).filter((name) => random.chance(blocking.has(name) ? 0.08 : 0.3));
  for (const name of chosen) {
    decoys[name]?.(world, built, new AccountMaker(world.aws, { truth: 'foreign', why: name }));
    world.story.push(name);
  }
  decide(world, wishes, variant);
  if (wishes.calm !== true) addFaults(world);
  if (wishes.whole !== true && random.chance(0.03)) world.story.push(unknownIdentity);
  relabel(world);
  await seal(world);
  return world;
}

function controllersOf(world: World, wishes: Wishes): Controllers {
  const { random } = world;
  const dead = (name: keyof Controllers): boolean =>
    (wishes.calm !== true && random.chance(0.06)) || wishes.dead?.includes(name) === true;
  const delay = (): number => (random.chance(0.1) ? random.whole(20_000, 60_000) : random.whole(500, 6000));
  return {
    alb: { delay: delay(), dead: dead('alb'), protected: random.chance(0.1) || wishes.protected === true },
    ebs: { delay: delay(), dead: dead('ebs') },
    rabbit: { delay: delay(), dead: dead('rabbit') },
    argo: { delay: delay(), dead: dead('argo') },
  };
}

/** What a killed build or an earlier teardown may have left: records that lack, things that are gone already. */
function damage(world: World, cutBefore: Deed | undefined): void {
  const { random, terraform, aws, story } = world;
  const states = terraform.states;
  if (cutBefore !== undefined && random.chance(0.5)) {
    const cluster = states.get('cluster') ?? [];
    const lost = random.whole(1, 4);
    states.set('cluster', cluster.slice(0, Math.max(0, cluster.length - lost)));
    story.push(`the last ${lost} entries of the state were never written`);
  }
  if (random.chance(0.08)) {
    const root = random.pick(['foundation', 'cluster'] as const);
    states.set(root, []);
    story.push(`the state of ${root} is lost`);
  }
  if (random.chance(0.08)) {
    world.ledger.length = 0;
    story.push('the ledger is lost');
  }
  for (const entry of [...states.values()].flat()) entry.tainted = random.chance(0.03);
  if (!random.chance(0.3)) return;
  const count = random.whole(1, 40);
  let gone = 0;
  for (let tried = 0; tried < count; tried++) {
    const free = aws
      .all()
      .filter((thing) => thing.truth === 'ours' && thing.diesWith === undefined && aws.holdersOf(thing).length === 0);
    const thing = free.length === 0 ? undefined : random.pick(free);
    if (thing === undefined) break;
    gone += 1;
    if (thing.kind === 'instance') {
      for (const one of aws.all()) if (one.diesWith?.id === thing.id) aws.drop(one);
      for (const { kind, id } of thing.holds) {
        const held = aws.find(kind, id);
        if (held?.kind === 'volume') held.state = 'available';
      }
    }
    if (thing.kind === 'load-balancer') for (const one of aws.all()) if (one.serves?.id === thing.id) aws.drop(one);
    if (thing.kind === 'vpc') for (const one of aws.all()) if (one.diesWith?.id === thing.id) aws.drop(one);
    aws.drop(thing);
    if (random.chance(0.7))
      for (const [root, entries] of states)
        states.set(
          root,
          entries.filter((entry) => entry.thing?.kind !== thing.kind || entry.thing.id !== thing.id),
        );
  }
  story.push(`an earlier teardown took ${gone} things`);
}

/** Others build on what stands. */
function forgetGone({ aws }: World, built: Built): void {
  const stands = (thing: Thing | undefined): boolean =>
    thing !== undefined && aws.find(thing.kind, thing.id) !== undefined;
  built.subnets = built.subnets.filter(stands);
  for (const [node, machine] of built.machines) if (!stands(machine)) built.machines.delete(node);
  for (const part of [
    'vpc',
    'gateway',
    'table',
    'nodes',
    'address',
    'bucket',
    'certificate',
    'role',
    'profile',
    'keyPair',
  ] as const)
    if (!stands(built[part])) delete built[part];
}

/** What the person asks for. */
function decide(world: World, wishes: Wishes, { tree, choices }: Variant): void {
  const { random } = world;
  world.choices = {
    ...world.choices,
    deleteData: random.chance(0.3),
    keepFoundation: random.chance(0.15),
    forceFinalizers: random.chance(0.3),
    awsOnly: wishes.calm !== true && random.chance(0.1),
    cleanup: wishes.calm === true || !random.chance(0.08),
    ...choices,
  };
  if (tree === 'own') world.story.push("the user's own tree");
  if (!world.choices.cleanup) world.story.push('Terraform alone');
  for (const [choice, is] of Object.entries(world.choices))
    if ((is === true && choice !== 'cleanup') || is === 'volumes') world.story.push(choice);
}

function addFaults(world: World): void {
  const { random, aws, cluster } = world;
  const faults = [
    () => throttling(random.whole(0, 120), random.whole(1, 25)),
    () => serverErrors(random.whole(7, 40)),
    () =>
      denied(
        random.pick(['volume', 'load-balancer', 'security-group', 'role', 'bucket', 'network-interface'] as const),
        random.pick(['list', 'remove'] as const),
      ),
    () => expiredCredentials(random.whole(30, 150)),
  ];
  if (random.chance(0.2)) aws.faults = [random.pick(faults)()];
  if (random.chance(0.15)) {
    aws.delays = { ...aws.delays, stale: random.whole(1000, 8000) };
    world.story.push(`listings lag by ${aws.delays.stale} ms`);
  }
  if (random.chance(0.1)) {
    cluster.diesAfter = random.whole(0, 150);
    world.story.push(`the API dies after ${cluster.diesAfter} calls`);
  }
  if (random.chance(0.05)) {
    world.reached = 'decoy';
    furnish(world);
    world.story.push("our kubeconfig leads to somebody else's cluster");
  }
  for (const { name } of aws.faults) world.story.push(name);
}

/** Somebody else's cluster, with one of everything that a teardown would like to take away. */
function furnish({ decoy }: World): void {
  const made = [
    { apiVersion: 'v1', kind: 'Namespace', name: 'web' },
    {
      apiVersion: 'v1',
      kind: 'Node',
      name: 'k8s-master',
      spec: { providerID: 'aws:///ap-northeast-2a/i-0123456789abcdef0' },
    },
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'web', name: 'shop' },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'web', name: 'uploads' },
    { apiVersion: 'rabbitmq.com/v1beta1', kind: 'RabbitmqCluster', namespace: 'web', name: 'rabbitmq' },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      namespace: 'web',
      name: 'shop',
      spec: { syncPolicy: { automated: {} } },
    },
  ];
  for (const draft of made) decoy.make(draft);
}

/** Writes down what the build wrote: ledger and its mirror, and who this cluster is. */
async function seal(world: World): Promise<void> {
  const { random, ledger, objects, stateBucket, config } = world;
  const file = world.ledgerLines.file('ledger');
  if (!world.story.includes(unknownIdentity))
    objects.set(`${stateBucket}/${config.environment}/identity.json`, JSON.stringify({ clusterId: world.clusterId }));
  const entries: LedgerEntry[] = [
    { kind: 's3-bucket', id: stateBucket, unique: { account: world.aws.account }, step: 'state-backend' },
    ...ledger,
  ];
  // A second copy proves that the mirror counts: the file of this machine may be gone.
  const isElsewhere = random.chance(0.2);
  if (isElsewhere)
    objects.set(
      `${stateBucket}/${config.environment}/ledger.ndjson`,
      entries.map((entry) => `${canonicalJson(entry)}\n`).join(''),
    );
  else await openLedger(file, async () => undefined).record(entries);
  new AccountMaker(world.aws, { truth: 'shared', why: 'the state bucket' }).put('bucket', {
    name: stateBucket,
    tags: { 'platform/environment': config.environment, 'platform/purpose': 'state' },
    objects: 5,
  });
}
