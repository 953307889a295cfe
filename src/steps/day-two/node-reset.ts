import type { DayTwoChoices, PlatformConfig } from '../../config/config.ts';
import { PlatformError } from '../../errors.ts';
import type { KubernetesObject, Machine } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import { type ReadContext, stepForEach } from '../kit.ts';
import { firstControlPlane } from '../names.ts';
import { textOf } from '../probes/fields.ts';
import { barePods, drainNode, podsToMove } from './drain-node.ts';
import { ownPlay } from './own-play.ts';
import { membersBy, refusalToLeave } from './quorum.ts';

type Reset = NonNullable<DayTwoChoices['reset']>;

/** One node at a time; its name is the key, so that the records tell which one is half reset. */
const keys = ({ dayTwo }: PlatformConfig): readonly string[] => (dayTwo?.reset ? [dayTwo.reset.node] : []);
const locks = (_: PlatformConfig, key: string): readonly string[] => [`node/${key}`, 'etcd-members'];

function chosen({ dayTwo }: PlatformConfig): Reset {
  if (dayTwo?.reset === undefined) throw new TypeError('a reset was planned without a node');
  return dayTwo.reset;
}

/** Whether the node may go at all: the last control plane never, another one only while the rest of etcd is a quorum. Changes nothing. */
export const resetPermit = stepForEach({
  id: 'reset-permit',
  title: 'May it go',
  needs: {},
  forEach: keys,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(2),
  inputs: (_config, _up, key) => ({ node: key }),
  check: async (ctx) => {
    const { config, key } = ctx;
    if (config.nodes[key]?.role !== 'control-plane')
      return { state: 'satisfied', output: null, because: `${key} is a worker` };
    if (await isBare(ctx)) return { state: 'satisfied', output: null, because: `${key} is no member any more` };
    const witness = witnessFor(ctx);
    if (witness === undefined)
      throw refused(key, `${key} is the only control plane: the cluster and its data would go with it`);
    if (key === firstControlPlane(config))
      throw refused(key, `every node reaches the API at the address of ${key}: without it none would`);
    const members = await membersBy(ctx.ssh, witness, ctx.signal);
    const because = members.some(({ name }) => name === key) ? refusalToLeave(members, key) : undefined;
    if (because !== undefined) throw refused(key, because);
    return {
      state: 'satisfied',
      output: null,
      because: `etcd has ${members.length} members and stays a quorum without it`,
    };
  },
  apply: async () => null,
});

/** Closed for new pods, and the others moved elsewhere as their budgets allow. */
export const resetDrain = stepForEach({
  id: 'reset-drain',
  title: 'Move its pods elsewhere',
  needs: { permit: resetPermit },
  forEach: keys,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(125),
  locks,
  inputs: (config, _up, key) => ({ node: key, bare: chosen(config).deleteBarePods }),
  check: async (ctx) => {
    const node = await nodeOf(ctx);
    if (node === undefined) return { state: 'satisfied', output: null, because: `no node ${ctx.key} is listed` };
    const pods = await podsToMove(await ctx.cluster(), ctx.key);
    const bare = barePods(pods);
    if (bare.length > 0 && !chosen(ctx.config).deleteBarePods)
      throw new PlatformError('WOULD_LOSE', {
        message: `nothing would make these pods of ${ctx.key} anew: ${bare.join(', ')}`,
        next: ['move them yourself, or let them go: --delete-bare-pods'],
      });
    const isClosed = (node as unknown as { spec?: { unschedulable?: boolean } }).spec?.unschedulable === true;
    if (isClosed && pods.length === 0) return { state: 'satisfied', output: null, because: 'closed and empty' };
    return {
      state: 'needed',
      because: `${pods.length} pods to move`,
      preview: [
        `close ${ctx.key} for new pods`,
        `evict ${pods.length} pods; what they keep in emptyDir volumes is lost`,
      ],
    };
  },
  apply: async (ctx) => {
    const cluster = await ctx.cluster();
    await cluster.merge({ apiVersion: 'v1', kind: 'Node', name: ctx.key }, { spec: { unschedulable: true } });
    const moved = await drainNode(ctx, cluster, ctx.key, chosen(ctx.config).drainWithin);
    ctx.note(`${moved} pods have left ${ctx.key}`);
    return null;
  },
});

/**
 * The machine made bare by our playbook. kubeadm takes the member of etcd out before it empties the data (kubeadm
 * cmd/kubeadm/app/cmd/phases/reset/removeetcdmember.go), and finds the member by the node object, so that the object goes after it.
 */
export const resetMachine = stepForEach({
  id: 'reset-machine',
  title: 'Make the machine bare',
  needs: { drain: resetDrain },
  forEach: keys,
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(25),
  noProgressFor: minutes(10),
  locks,
  inputs: (_config, _up, key) => ({ node: key }),
  check: async (ctx) =>
    (await isBare(ctx))
      ? { state: 'satisfied', output: null, because: `${ctx.key} holds nothing of a node` }
      : { state: 'needed', because: `${ctx.key} is a node`, preview: [`kubeadm reset on ${ctx.key}, and a restart`] },
  apply: async (ctx) => {
    const { key } = ctx;
    await ctx.audit({ action: 'reset', target: `machine ${key}`, because: 'asked for by its name' });
    // The pods are gone already; kubectl on the machine would only ask again.
    await ownPlay(ctx, 'node-reset', key, { node_reset_machine: key, node_reset_drain: false });
    return null;
  },
});

/** The node object, where it is still the one of this machine. */
export const resetNode = stepForEach({
  id: 'reset-node',
  title: 'Take it off the list',
  needs: { machine: resetMachine },
  forEach: keys,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(2),
  retry: { attempts: 5, firstDelay: seconds(2), maxDelay: seconds(10) },
  inputs: (_config, _up, key) => ({ node: key }),
  check: async (ctx) =>
    (await nodeOf(ctx)) === undefined
      ? { state: 'satisfied', output: null, because: `no node ${ctx.key} is listed` }
      : { state: 'needed', because: `the node ${ctx.key} is still listed` },
  apply: async (ctx) => {
    const node = await nodeOf(ctx);
    if (node === undefined) return null;
    const { uid = '' } = node.metadata;
    await ctx.audit({ action: 'delete', target: `node ${ctx.key} (${uid})`, because: 'its machine was made bare' });
    await (await ctx.cluster()).remove({ apiVersion: 'v1', kind: 'Node', name: ctx.key }, { uid });
    return null;
  },
});

/** The node object of this very machine; a namesake with another machine behind it is none of ours to touch. */
async function nodeOf(ctx: ReadContext): Promise<KubernetesObject | undefined> {
  const node = await (await ctx.cluster()).get({ apiVersion: 'v1', kind: 'Node', name: ctx.key });
  if (node === undefined) return undefined;
  const wanted = chosen(ctx.config).hosts[ctx.key]?.providerId;
  const found = textOf(node, 'spec', 'providerID');
  if (found === undefined || found === wanted) return node;
  throw new PlatformError('FOREIGN', {
    message: `the node ${ctx.key} is ${found}, not ${wanted ?? 'a machine of this platform'}; nothing was changed`,
    next: ['find out whose machine that is: kubectl describe node'],
    facts: { node: ctx.key },
  });
}

/** Marks of a node on the machine, as the roles leave them (ansible/roles/node_reset). */
async function isBare(ctx: ReadContext): Promise<boolean> {
  const machine = machinesOf(ctx).find(({ name }) => name === ctx.key);
  if (machine === undefined) return false;
  const marks = [
    '/var/lib/platform/kubeadm-begun',
    '/var/lib/platform/kubeadm-reset-begun',
    '/etc/kubernetes/kubelet.conf',
  ];
  const words = marks.flatMap((path, index) => [...(index === 0 ? [] : ['-a']), '!', '-e', path]);
  return (await ctx.ssh.run(machine, ['sudo', '-n', 'test', ...words], ctx.signal)).code === 0;
}

function witnessFor(ctx: ReadContext): Machine | undefined {
  return machinesOf(ctx).find(({ name }) => name !== ctx.key && ctx.config.nodes[name]?.role === 'control-plane');
}

function machinesOf(ctx: ReadContext): readonly Machine[] {
  const { sshUser: user, sshKey: key } = ctx.config.access;
  return Object.entries(chosen(ctx.config).hosts).map(([name, { address }]) => ({ name, address, user, key }));
}

const refused = (node: string, because: string): PlatformError =>
  new PlatformError('WOULD_LOSE', {
    message: because,
    next: [
      'bring the other members back first: platform status, platform up',
      'for the end of the whole cluster there is platform destroy; to bring etcd back from a snapshot, platform restore',
    ],
    facts: { node },
  });
