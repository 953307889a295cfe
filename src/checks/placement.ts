import { type NodeTraits, refusal } from './eligible.ts';
import type { Demand, Workload } from './workload.ts';

/** A node and what it has for pods, all of them. */
export interface Room extends NodeTraits, Demand {
  /** Most pods that kubelet takes. */
  readonly pods: number;
}

/** Pods that find no place, and why. `certain`: no scheduler could do better; else it may depend on who comes first. */
export interface Homeless {
  readonly certain: boolean;
  /** Labels and taints, or room. */
  readonly because: 'traits' | 'room';
  readonly message: string;
}

type Resource = 'cpu' | 'memory' | 'pods';
type Amount = Readonly<Record<Resource, number>>;
const resources: readonly Resource[] = ['cpu', 'memory', 'pods'];

interface Pod {
  readonly name: string;
  readonly asks: Amount;
  /** Indices of nodes. */
  readonly nodes: readonly number[];
}

/**
 * Puts the pods of all workloads on the nodes by what they ask for, as the scheduler would, and tells what has no place:
 * where no node may take it, where none is large enough, where a group of nodes together is too small (certain), and where
 * only this order of placing did not work out (not certain). Pure.
 */
export function place(nodes: readonly Room[], workloads: readonly Workload[]): readonly Homeless[] {
  const free = nodes.map(({ cpu, memory, pods }) => ({ cpu, memory, pods }));
  const found: Homeless[] = [];
  // DaemonSets first: they are on a node before anything else is.
  for (const one of workloads.filter(({ copies }) => copies === 'every-node')) {
    const full = nodes.filter((node, index) => {
      const mayRun = refusal(one, node) === undefined;
      return mayRun && !take(free[index] as Record<Resource, number>, asksOf(one));
    });
    if (full.length > 0)
      found.push({
        certain: true,
        because: 'room',
        message: `${one.name} asks for ${text(asksOf(one))}, which ${namesOf(full)} ${full.length > 1 ? 'do' : 'does'} not have left`,
      });
  }
  const offered = free.map((one) => ({ ...one }));
  const pods: Pod[] = [];
  for (const one of workloads) {
    if (one.copies === 'every-node' || one.copies < 1) continue;
    const eligible = nodes.flatMap((node, index) => (refusal(one, node) === undefined ? [index] : []));
    if (eligible.length === 0) {
      const reasons = nodes.map((node) => `${node.name} ${refusal(one, node) ?? ''}`);
      found.push({ certain: true, because: 'traits', message: `no node may run ${one.name}: ${reasons.join('; ')}` });
      continue;
    }
    const asks = asksOf(one);
    const largest = resources.find((resource) =>
      eligible.every((index) => (offered[index]?.[resource] ?? 0) < asks[resource]),
    );
    if (largest !== undefined) {
      const most = Math.max(...eligible.map((index) => offered[index]?.[largest] ?? 0));
      found.push({
        certain: true,
        because: 'room' as const,
        message: `${one.name} asks for ${amount(largest, asks[largest])}; the most that ${namesOf(eligible.map((index) => nodes[index] as Room))} ${eligible.length > 1 ? 'have' : 'has'} is ${amount(largest, most)}`,
      });
      continue;
    }
    for (let copy = 0; copy < one.copies; copy += 1) pods.push({ name: one.name, asks, nodes: eligible });
  }
  const tooMuch = overfull(nodes, offered, pods);
  return [...found, ...tooMuch, ...(tooMuch.length > 0 ? [] : leftOver(free, pods))];
}

/** Groups of nodes that together have less than what may only run on them asks for. Each group is told once. */
function overfull(nodes: readonly Room[], offered: readonly Amount[], pods: readonly Pod[]): readonly Homeless[] {
  const groups = new Map(pods.map((pod) => [pod.nodes.join(), pod.nodes]));
  return [...groups.values()].flatMap((group) => {
    const bound = pods.filter((pod) => pod.nodes.every((index) => group.includes(index)));
    const short = resources.flatMap((resource) => {
      const asked = bound.reduce((sum, { asks }) => sum + asks[resource], 0);
      const there = group.reduce((sum, index) => sum + (offered[index]?.[resource] ?? 0), 0);
      return asked > there + 1e-6 ? [{ resource, asked, there }] : [];
    });
    return short.map(({ resource, asked, there }) => {
      const most = [...bound].sort((a, b) => b.asks[resource] - a.asks[resource]).slice(0, 3);
      return {
        certain: true,
        because: 'room' as const,
        message: `what must run on ${namesOf(group.map((index) => nodes[index] as Room))} asks for ${amount(resource, asked)}, and ${amount(resource, there)} are left beside the DaemonSets (most for ${most.map(({ name, asks }) => `${name}: ${amount(resource, asks[resource])}`).join(', ')})`,
      };
    });
  });
}

/** The choosy and large ones first, each where most is left. */
function leftOver(free: readonly Record<Resource, number>[], pods: readonly Pod[]): readonly Homeless[] {
  const inOrder = [...pods].sort(
    (a, b) => a.nodes.length - b.nodes.length || b.asks.memory - a.asks.memory || b.asks.cpu - a.asks.cpu,
  );
  const homeless = inOrder.filter(({ asks, nodes }) => {
    const best = [...nodes].sort((a, b) => (free[b]?.memory ?? 0) - (free[a]?.memory ?? 0));
    return !best.some((index) => take(free[index] as Record<Resource, number>, asks));
  });
  return [...new Set(homeless.map(({ name, asks }) => `${name} (${text(asks)})`))].map((one) => ({
    certain: false,
    because: 'room',
    message: `${one} may find no node with room: the sums suffice, but no single node has that much left`,
  }));
}

function take(free: Record<Resource, number>, asks: Amount): boolean {
  if (resources.some((resource) => free[resource] + 1e-6 < asks[resource])) return false;
  for (const resource of resources) free[resource] -= asks[resource];
  return true;
}

const asksOf = ({ demand }: Workload): Amount => ({ ...demand, pods: 1 });
const namesOf = (nodes: readonly Room[]): string => nodes.map(({ name }) => name).join(', ');
const text = (asks: Amount): string => `${amount('cpu', asks.cpu)} and ${amount('memory', asks.memory)}`;

function amount(resource: Resource, value: number): string {
  if (resource === 'pods') return `${value} pods`;
  if (resource === 'cpu') return `${Math.round(value * 1000)}m CPU`;
  return `${Math.round(value / 1024 ** 2)} MiB`;
}
