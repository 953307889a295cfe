import { sshdOf } from '../machines/machine.ts';
import { cni } from './cni.ts';
import { controlPlane } from './control-plane.ts';
import { EffectRefused } from './effect.ts';
import type { Effect, EffectWorld, HostFacts } from './effect.ts';
import { etcdBackup } from './etcd-backup.ts';
import { join } from './join.ts';
import { nodeBase } from './node-base.ts';

/** What a simulated machine can have done to it, by the step that promises it. */
export const effects: Readonly<Record<string, Effect>> = {
  'node-base': nodeBase,
  'control-plane': controlPlane,
  join,
  cni,
  'etcd-backup': etcdBackup,
};

/** Runs an effect on the machine of a host. EffectRefused when there is no such effect, or the machine cannot be reached. */
export async function applyEffect(
  world: EffectWorld,
  name: string,
  facts: HostFacts,
): Promise<{ readonly changed: boolean; readonly because: string }> {
  const effect = effects[name];
  if (effect === undefined) throw new EffectRefused(`nothing is promised for ${name}`);
  const machine = world.machines.get(facts.instance) ?? world.machines.at(facts.address);
  const sshd = sshdOf(machine, world.settings.delay, world.clock.now());
  if (machine === undefined || !sshd.open)
    throw new EffectRefused(
      `${facts.host} (${facts.address}) cannot be reached over SSH: connection ${sshd.open ? 'lost' : sshd.because}`,
    );
  return effect(world, machine, facts);
}
