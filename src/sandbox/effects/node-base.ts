import { bootProgress } from '../machines/machine.ts';
import { EffectRefused } from './effect.ts';
import type { Effect } from './effect.ts';

/** containerd's build that Ubuntu 24.04 has for a pinned beginning of a version (versions.yaml). */
const containerdBuild = (version: string): string => (version.split('.').length < 3 ? `${version}.1` : version);

/** Container runtime and Kubernetes packages. */
export const nodeBase: Effect = async ({ settings, machines, clock, signal }, machine, { variables }) => {
  if (bootProgress(machine, settings.delay, clock.now()) < 1)
    throw new EffectRefused(`${machine.name}: cloud-init still holds the dpkg lock`);
  const wanted = { kubernetes: variables.kubernetes, containerd: containerdBuild(variables.containerd) };
  const has = machine.packages;
  if (has?.kubernetes === wanted.kubernetes && has.containerd === wanted.containerd)
    return { changed: false, because: `kubelet ${wanted.kubernetes} is installed` };
  await clock.sleep(settings.delay * 500, signal);
  await machines.change(machine.id, { packages: wanted });
  return { changed: true, because: `kubelet ${wanted.kubernetes} installed` };
};
