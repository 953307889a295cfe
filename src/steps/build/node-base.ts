import { step } from '../kit.ts';
import { inventory, machineOf } from './inventory.ts';
import { machines } from './machines.ts';
import { play, playInputs } from './playbook.ts';
import { playbookRules } from './playbook-rules.ts';

/** Operating system, container runtime and Kubernetes packages, on all nodes at once; images are pulled ahead. */
export const nodeBase = step({
  id: 'node-base',
  title: 'Node base (OS, containerd, Kubernetes packages)',
  needs: { inventory, machines },
  ...playbookRules({ timeout: 25, silence: 10 }),
  locks: (config) => Object.keys(config.nodes).map((name) => `node/${name}`),
  inputs: (config, up) => ({
    play: playInputs(config, 'node-base'),
    hosts: up.inventory.hosts,
    kubernetes: config.versions.kubernetes,
    containerd: { ...config.versions.containerd },
  }),
  check: async (ctx, up) => {
    const wanted = ctx.config.versions.kubernetes;
    const looks = await Promise.all(
      Object.keys(up.inventory.hosts).map(async (name) => {
        const exit = await ctx.ssh.run(
          machineOf(ctx.config, name, up.inventory.hosts),
          ['kubelet', '--version'],
          ctx.signal,
        );
        const found = exit.code === 0 ? /v(\d+\.\d+\.\d+)/.exec(exit.stdout)?.[1] : undefined;
        return { name, found };
      }),
    );
    const lacking = looks.filter(({ found }) => found !== wanted);
    if (lacking.length > 0)
      return {
        state: 'needed',
        because: lacking
          .map(({ name, found }) => `${name} has ${found === undefined ? 'no kubelet' : `kubelet ${found}`}`)
          .join(', '),
      };
    return { state: 'satisfied', output: {}, because: `${looks.length} nodes have kubelet ${wanted}` };
  },
  apply: (ctx, up) => play(ctx, 'node-base', up.inventory),
});
