import { step } from '../kit.ts';
import { firstControlPlane } from '../names.ts';
import { calicoAvailable } from '../probes/calico.ts';
import { rolledOut, rolloutOf, type Workload } from '../probes/workloads.ts';
import type { PlatformConfig } from '../../config/config.ts';
import { controlPlane } from './control-plane.ts';
import { inventory } from './inventory.ts';
import { play, playInputs } from './playbook.ts';
import { playbookRules } from './playbook-rules.ts';

/** The pod network, beside the joins. It always belongs to the bootstrap, never to GitOps (catalogue F17, F18). */
export const cni = step({
  id: 'cni',
  title: 'Pod network',
  needs: { inventory, controlPlane },
  ...playbookRules(),
  inputs: (config, up) => ({
    play: playInputs(config, 'cni'),
    cni: config.network.cni,
    pods: config.network.pods,
    version: config.versions.cni[config.network.cni].version,
    cluster: up.controlPlane.identity.uid,
  }),
  check: async (ctx) => {
    const rollout = await rolloutOf(await ctx.cluster(), agent(ctx.config));
    if (rollout.is !== 'ready') return { state: 'needed', because: rollout.because };
    return {
      state: 'satisfied',
      output: { cni: ctx.config.network.cni },
      because: `${ctx.config.network.cni}: ${rollout.because ?? 'ready'}`,
    };
  },
  apply: async (ctx, up) => {
    await play(ctx, 'cni', up.inventory, firstControlPlane(ctx.config));
    return { cni: ctx.config.network.cni };
  },
  ready: [
    {
      ...calicoAvailable,
      test: async (ctx, out) =>
        ctx.config.network.cni === 'calico'
          ? calicoAvailable.test(ctx, out)
          : { is: 'ready', because: 'flannel has no operator' },
    },
    {
      ...rolledOut({ kind: 'DaemonSet', namespace: '', name: 'agent' }),
      name: 'network agents rolled out',
      test: async (ctx) => rolloutOf(await ctx.cluster(), agent(ctx.config)),
    },
  ],
});

const agent = (config: PlatformConfig): Workload =>
  config.network.cni === 'calico'
    ? { kind: 'DaemonSet', namespace: 'calico-system', name: 'calico-node' }
    : { kind: 'DaemonSet', namespace: 'kube-flannel', name: 'kube-flannel-ds' };
