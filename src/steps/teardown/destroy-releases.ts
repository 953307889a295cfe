import type { InstalledRelease } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { releases } from '../releases.ts';
import { destroyEntrances } from './destroy-entrances.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyWorkloads } from './destroy-workloads.ts';
import { checkDrained, openPatiently, passedOver, patiently } from './drain-world.ts';

/** Ours in the reverse of the order of installation; the controllers that serve finalizers last, the one that detaches volumes last of all. */
const ours = [
  releases.argocd,
  releases.monitoring,
  releases.metricsServer,
  releases.certManager,
  releases.albController,
  releases.ebsCsi,
] as const;

/** A network that was installed as a release: without it the other controllers are cut off. It ends with the machines. */
const network = /^(cilium|calico|tigera-operator|flannel|aws-vpc-cni|coredns|kube-proxy)-/;

/**
 * Helm releases go, so that no controller is left to make anything when its machines go. What came as plain manifests (Calico, the RabbitMQ operator,
 * namespaces, definitions) is left: nothing of it stands in AWS, it ends with the machines, and a namespace that hangs would stop the teardown for nothing.
 */
export const destroyReleases = stepWhen({
  id: 'destroy-releases',
  title: 'Helm releases',
  needs: { inventory: destroyInventory, entrances: destroyEntrances, workloads: destroyWorkloads },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(30),
  inputs: (_, { inventory }) => ({ cluster: inventory.clusterId }),
  check: (ctx, { inventory }) =>
    checkDrained(ctx, inventory, { removed: [] as readonly string[] }, async () => {
      const left = removalOrder(await ctx.helm.releases(ctx.signal));
      if (left.length === 0) return { state: 'satisfied', output: { removed: [] }, because: 'no Helm release is left' };
      return {
        state: 'needed',
        because: `${left.length} Helm releases are installed`,
        preview: left.map((release) => `uninstall ${titleOf(release)}`),
      };
    }),
  apply: async (ctx, { inventory }) => {
    if (passedOver(ctx.config, inventory) !== undefined) return { removed: [] };
    // Helm opens a connection of its own, through the same kubeconfig: what that leads to is proven here.
    await openPatiently(ctx, inventory);
    const left = removalOrder(await patiently(ctx, () => ctx.helm.releases(ctx.signal)));
    for (const [index, release] of left.entries()) {
      await ctx.audit({
        action: 'uninstall',
        target: `release ${release.namespace}/${release.name}`,
        because: `${release.chart} in cluster ${inventory.clusterId}`,
      });
      ctx.note(`uninstalling ${titleOf(release)} (${index + 1} of ${left.length})`);
      await patiently(ctx, () => ctx.helm.uninstall(release, { signal: ctx.signal, note: (text) => ctx.note(text) }));
    }
    return { removed: left.map(titleOf) };
  },
});

/** What may go, in order: what somebody else installed stands on ours, so it goes first. */
export function removalOrder(installed: readonly InstalledRelease[]): readonly InstalledRelease[] {
  const place = ({ name, namespace }: InstalledRelease): number =>
    ours.findIndex((release) => release.release === name && release.namespace === namespace);
  return installed.filter(({ chart }) => !network.test(chart)).toSorted((one, other) => place(one) - place(other));
}

const titleOf = ({ name, namespace, chart }: InstalledRelease): string => `${namespace}/${name} (${chart})`;
