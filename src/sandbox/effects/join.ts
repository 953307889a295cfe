import { EffectRefused } from './effect.ts';
import type { Effect } from './effect.ts';
import { register } from './nodes.ts';

/** `kubeadm join`. */
export const join: Effect = async (world, machine, facts) => {
  const running = world.cluster.current();
  if (running === undefined) throw new EffectRefused(`${facts.host} cannot join: no control plane runs`);
  const changed = await register(world, running, machine, facts);
  return { changed, because: changed ? `${facts.host} joined` : `${facts.host} is a member` };
};
