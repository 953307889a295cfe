import type { KubernetesObject } from '../../../tools/ports.ts';
import { argumentsOf, pairsOf } from '../shared/controller.ts';

/** The tags of a volume as the driver and its provisioner give them (driver: pkg/driver/controller.go; docs/tagging.md). */
export function volumeTags(
  controller: KubernetesObject,
  claim: { readonly name: string; readonly namespace: string },
  volume: string,
): Readonly<Record<string, string>> {
  const driver = argumentsOf(controller, 'ebs-plugin');
  const cluster = driver['k8s-tag-cluster-id'];
  const metadata = 'extra-create-metadata' in argumentsOf(controller, 'csi-provisioner');
  return {
    ...pairsOf(driver['extra-tags']),
    CSIVolumeName: volume,
    'ebs.csi.aws.com/cluster': 'true',
    ...(cluster === undefined || cluster === ''
      ? {}
      : {
          [`kubernetes.io/cluster/${cluster}`]: 'owned',
          'ebs.csi.aws.com/cluster-name': cluster,
          Name: `${cluster}-dynamic-${volume}`,
          KubernetesCluster: cluster,
        }),
    ...(metadata
      ? {
          'kubernetes.io/created-for/pvc/name': claim.name,
          'kubernetes.io/created-for/pvc/namespace': claim.namespace,
          'kubernetes.io/created-for/pv/name': volume,
        }
      : {}),
  };
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};

/** A quantity of Kubernetes in whole gibibytes, rounded up, as EBS counts. */
export function gibibytes(quantity: string): number {
  const [, number = '0', unit = ''] = /^([\d.]+)([KMGT]i|[kMGT])?$/.exec(quantity) ?? [];
  return Math.max(1, Math.ceil((Number(number) * (units[unit] ?? 1)) / 2 ** 30));
}
