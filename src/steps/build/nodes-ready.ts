import type { PlatformConfig } from '../../config/config.ts';
import { minutes, seconds } from '../durations.ts';
import { type PlatformProbe, step } from '../kit.ts';
import { type ExpectedNode, nodesProblem } from '../probes/nodes.ts';
import { rolledOut } from '../probes/workloads.ts';
import { cni } from './cni.ts';
import { controlPlane } from './control-plane.ts';
import { inventory, type Inventory } from './inventory.ts';
import { join } from './join.ts';

type Nodes = { readonly nodes: readonly { readonly name: string; readonly providerId: string }[] };

const equalToTopology: PlatformProbe<Nodes> = {
  name: 'nodes equal the topology',
  every: seconds(5),
  within: minutes(15),
  noProgressFor: minutes(8),
  test: async (ctx, { nodes }) => {
    const problem = await nodesProblem(ctx.config, nodes, await ctx.cluster());
    return problem === undefined
      ? { is: 'ready', because: `${nodes.length} of ${nodes.length} nodes Ready` }
      : { is: 'waiting', because: problem };
  },
};

/** Ready needs the network, so nodes are awaited once, after both: the right set, not just a count (catalogue A23, C9). */
export const nodesReady = step({
  id: 'nodes-ready',
  title: 'Nodes ready',
  needs: { inventory, controlPlane, join, cni },
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(1),
  inputs: (config, up) => ({ nodes: expected(config, up.inventory), cluster: up.controlPlane.identity.uid }),
  check: async (ctx, up) => {
    const nodes = expected(ctx.config, up.inventory);
    const problem = await nodesProblem(ctx.config, nodes, await ctx.cluster());
    if (problem !== undefined) return { state: 'needed', because: problem };
    return { state: 'satisfied', output: { nodes }, because: `${nodes.length} of ${nodes.length} nodes Ready` };
  },
  apply: (ctx, up) => Promise.resolve({ nodes: expected(ctx.config, up.inventory) }),
  ready: [equalToTopology, rolledOut({ kind: 'Deployment', namespace: 'kube-system', name: 'coredns' })],
});

const expected = (config: PlatformConfig, inventory: Pick<Inventory, 'hosts'>): ExpectedNode[] =>
  Object.keys(config.nodes).map((name) => ({ name, providerId: inventory.hosts[name]?.providerId ?? '' }));
