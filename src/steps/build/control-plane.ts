import { isPlatformError, PlatformError } from '../../errors.ts';
import type { CheckResult } from '../../engine/types.ts';
import type { ClusterIdentity } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, type StepContext, step } from '../kit.ts';
import { firstControlPlane } from '../names.ts';
import { apiServerReady, kubeadmConfigured } from '../probes/api-server.ts';
import { type Inventory, inventory, machineOf } from './inventory.ts';
import { nodeBase } from './node-base.ts';
import { play, playInputs } from './playbook.ts';

export type ControlPlane = {
  readonly kubeconfig: string;
  readonly identity: { readonly server: string; readonly authority: string; readonly uid: string };
};

/**
 * kubeadm init on the first control plane, and our own kubeconfig (0600), never the user's. The identity that is
 * recorded here is what every later write is checked against.
 */
export const controlPlane = step({
  id: 'control-plane',
  title: 'Control plane',
  needs: { inventory, nodeBase },
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(15),
  noProgressFor: minutes(8),
  locks: (config) => [`node/${firstControlPlane(config)}`],
  inputs: (config, up) => ({
    play: playInputs(config, 'control-plane'),
    host: up.inventory.hosts[firstControlPlane(config)] ?? null,
    network: { pods: config.network.pods, services: config.network.services },
  }),
  check: async (ctx): Promise<CheckResult<ControlPlane>> => {
    if ((await ctx.files.read(kubeconfig(ctx))) === undefined)
      return { state: 'needed', because: 'there is no kubeconfig of this cluster yet' };
    try {
      const cluster = await ctx.cluster();
      const { status } = await cluster.raw('/readyz');
      if (status !== 200) return { state: 'needed', because: `/readyz answers ${status}` };
      if (
        (await cluster.get({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          namespace: 'kube-system',
          name: 'kubeadm-config',
        })) === undefined
      )
        return { state: 'needed', because: 'kubeadm init did not go through to the end' };
      const identity = await cluster.identity();
      return {
        state: 'satisfied',
        output: { kubeconfig: kubeconfig(ctx), identity: { ...identity } },
        because: `API server ready at ${identity.server}`,
      };
    } catch (error) {
      if (isPlatformError(error) && error.code === 'UNREACHABLE')
        return { state: 'needed', because: `the API server does not answer: ${error.message}` };
      throw error;
    }
  },
  apply: async (ctx, up): Promise<ControlPlane> => {
    await play(ctx, 'control-plane', up.inventory, firstControlPlane(ctx.config));
    ctx.note('fetching the kubeconfig');
    await fetchKubeconfig(ctx, up.inventory);
    const identity = await readIdentity(ctx);
    await ctx.ledger.record([
      { kind: 'kubernetes', id: identity.uid, unique: { authority: identity.authority }, step: 'control-plane' },
    ]);
    await ctx.ledger.mirror();
    return { kubeconfig: kubeconfig(ctx), identity: { ...identity } };
  },
  ready: [apiServerReady, kubeadmConfigured],
});

const kubeconfig = (ctx: ReadContext): string => `${ctx.config.stateFolder}/kubeconfig`;

/** admin.conf names the private endpoint: right for a tunnel. Directly, ours names the public address, which the certificate carries too. */
async function fetchKubeconfig(ctx: StepContext, { hosts }: Inventory): Promise<void> {
  const name = firstControlPlane(ctx.config);
  const machine = machineOf(ctx.config, name, hosts);
  const text = (await ctx.ssh.readSecretFile(machine, '/etc/kubernetes/admin.conf', ctx.signal)).reveal();
  const server = /^\s*server:\s*https:\/\/([^:\s]+):(\d+)/m.exec(text);
  if (server === null)
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `/etc/kubernetes/admin.conf of ${name} names no server`,
      next: [`make it anew: platform ssh ${name} -- sudo kubeadm init phase kubeconfig admin`],
    });
  const endpoint =
    ctx.config.access.api === 'direct' && server[1] === hosts[name]?.privateAddress
      ? text.replace(`https://${server[1]}:`, `https://${machine.address}:`)
      : text;
  await ctx.files.write(kubeconfig(ctx), endpoint, 0o600);
}

async function readIdentity(ctx: StepContext): Promise<ClusterIdentity> {
  try {
    return await (await ctx.cluster()).identity();
  } catch (error) {
    if (isPlatformError(error) && error.code === 'UNREACHABLE')
      throw new PlatformError('UNREACHABLE', {
        message: error.message,
        next: error.next,
        class: 'transient',
        cause: error,
      });
    throw error;
  }
}
