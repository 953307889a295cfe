import type { RunningCluster } from '../cluster/far-cluster.ts';
import type { EffectWorld } from '../effects/effect.ts';
import { bootProgress, consoleAt } from '../machines/machine.ts';
import { printHostKey, readFarSide } from './far-side.ts';

const every = 700;

/** Follows AWS until the signal: machines boot, print their host keys, vanish, and their cluster with the last control plane. */
export async function watch(world: EffectWorld, endpoint: string, say: (text: string) => void): Promise<void> {
  let last = '';
  while (!world.signal.aborted) {
    try {
      await followAws(world, endpoint);
      last = '';
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      // What fails again and again is said once.
      if (because !== last && !world.signal.aborted) say(`watch: ${because}`);
      last = because;
    }
    await world.clock.sleep(every, world.signal);
  }
}

async function followAws({ machines, cluster, settings, clock }: EffectWorld, endpoint: string): Promise<void> {
  const { instances } = await readFarSide(endpoint);
  const gone = await machines.follow(instances, clock.now());
  const current = cluster.current();
  const controlPlanesLeft = machines.all().some(({ node }) => node?.role === 'control-plane');
  if (gone.some(({ node }) => node?.role === 'control-plane') && !controlPlanesLeft) await cluster.forget();
  else if (current !== undefined)
    for (const machine of gone) if (machine.node !== undefined) await silence(current, machine.node.name);
  for (const machine of machines.all()) {
    if (machine.printed || bootProgress(machine, settings.delay, clock.now()) < consoleAt) continue;
    await printHostKey(endpoint, machine.id, `${machine.hostKey} root@${machine.name}`);
    await machines.change(machine.id, { printed: true });
  }
}

/** Its kubelet has fallen silent: the stage of the simulated nodes makes its Ready Unknown. */
async function silence(cluster: RunningCluster, node: string): Promise<void> {
  const path = `/api/v1/nodes/${node}`;
  if ((await cluster.get(path)) !== undefined)
    await cluster.patch(path, { metadata: { annotations: { 'sandbox.platform/machine': 'stopped' } } });
}
