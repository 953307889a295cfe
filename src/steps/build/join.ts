import { stepForEach } from '../kit.ts';
import { joiningNodes } from '../names.ts';
import { nodeProblem } from '../probes/nodes.ts';
import { controlPlane } from './control-plane.ts';
import { inventory } from './inventory.ts';
import { play, playInputs } from './playbook.ts';
import { playbookRules } from './playbook-rules.ts';

/** Every other node joins, side by side, each with a token of its own that lives for minutes. */
export const join = stepForEach({
  id: 'join',
  title: 'Join',
  needs: { inventory, controlPlane },
  forEach: joiningNodes,
  ...playbookRules(),
  // etcd takes one new member at a time.
  locks: (config, key) => [`node/${key}`, ...(config.nodes[key]?.role === 'control-plane' ? ['etcd-members'] : [])],
  inputs: (config, up, key) => ({
    play: playInputs(config, 'join'),
    host: up.inventory.hosts[key] ?? null,
    labels: { ...config.nodes[key]?.labels },
    cluster: up.controlPlane.identity.uid,
  }),
  check: async (ctx, up) => {
    const node = await (await ctx.cluster()).get({ apiVersion: 'v1', kind: 'Node', name: ctx.key });
    const problem = nodeProblem(
      ctx.config,
      { name: ctx.key, providerId: up.inventory.hosts[ctx.key]?.providerId ?? '' },
      node,
    );
    if (problem !== undefined) return { state: 'needed', because: problem };
    return { state: 'satisfied', output: { node: ctx.key }, because: `${ctx.key} is a member, as the topology says` };
  },
  apply: async (ctx, up) => {
    await play(ctx, 'join', up.inventory, ctx.key);
    return { node: ctx.key };
  },
});
