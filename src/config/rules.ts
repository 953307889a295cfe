import type { Path } from './source.ts';
import type { EnvironmentInput } from './schema.ts';
import { ownTreeRules } from './own-trees.ts';
import { nearest } from './suggest.ts';

/** A broken rule between fields, at the field that should change. */
export interface Broken {
  readonly path: Path;
  readonly message: string;
  readonly suggestion?: string;
}

/** Label prefixes that belong to Kubernetes: the NodeRestriction admission plugin lets a kubelet set few of them. */
const reservedLabel = /(^|\.)(kubernetes|k8s)\.io\//;

/** What a type cannot say: ranges that overlap, nodes that cannot form a cluster, add-ons without what they stand on. */
export function brokenRules(config: EnvironmentInput, kubernetesPin: string): readonly Broken[] {
  return [
    ...networkRules(config),
    ...nodeRules(config),
    ...addonRules(config),
    ...ownTreeRules(config),
    ...versionRules(config, kubernetesPin),
  ];
}

function networkRules(config: EnvironmentInput): Broken[] {
  const broken: Broken[] = [];
  const names = ['vpc', 'pods', 'services'] as const;
  for (const name of names) {
    if (rangeOf(config.network[name]) === undefined)
      broken.push({ path: ['network', name], message: `${config.network[name]} is not an IPv4 range` });
  }
  config.access.allow.forEach((range, index) => {
    if (rangeOf(range) === undefined)
      broken.push({ path: ['access', 'allow', index], message: `${range} is not an IPv4 range` });
  });
  names.forEach((first, index) => {
    for (const second of names.slice(index + 1)) {
      const [a, b] = [rangeOf(config.network[first]), rangeOf(config.network[second])];
      if (a !== undefined && b !== undefined && a.first <= b.last && b.first <= a.last)
        broken.push({
          path: ['network', second],
          message: `${config.network[second]} overlaps with network.${first} (${config.network[first]})`,
        });
    }
  });
  return broken;
}

function nodeRules(config: EnvironmentInput): Broken[] {
  const broken: Broken[] = [];
  const nodes = Object.entries(config.nodes);
  const controlPlanes = nodes.filter(([, node]) => node.role === 'control-plane').length;
  if (controlPlanes === 0) broken.push({ path: ['nodes'], message: 'no node has role: control-plane' });
  if (controlPlanes === 2 || controlPlanes > 5 || (controlPlanes > 0 && controlPlanes % 2 === 0))
    broken.push({
      path: ['nodes'],
      message: `${controlPlanes} control planes cannot keep a quorum better than ${controlPlanes - 1}`,
      suggestion: 'use 1, 3 or 5',
    });
  if (nodes.length - controlPlanes === 0 && controlPlanes > 0)
    broken.push({ path: ['nodes'], message: 'no node has role: worker, so no workload could run' });
  for (const [name, node] of nodes) {
    for (const label of Object.keys(node.labels)) {
      if (reservedLabel.test(label))
        broken.push({
          path: ['nodes', name, 'labels', label],
          message: `the label prefix of ${label} is reserved for Kubernetes`,
          suggestion: label.slice(label.indexOf('/') + 1),
        });
    }
  }
  return broken;
}

const standsOn: Readonly<Record<string, readonly string[]>> = {
  monitoring: ['ebs-csi'],
  rabbitmq: ['ebs-csi'],
  redis: ['ebs-csi'],
};

function addonRules(config: EnvironmentInput): Broken[] {
  const broken: Broken[] = [];
  config.addons.forEach((addon, index) => {
    if (config.addons.indexOf(addon) !== index)
      broken.push({ path: ['addons', index], message: `${addon} stands in the list twice` });
    for (const needed of standsOn[addon] ?? []) {
      if (!(config.addons as readonly string[]).includes(needed))
        broken.push({
          path: ['addons', index],
          message: `${addon} needs ${needed} for its volumes`,
          suggestion: `add ${needed} to addons`,
        });
    }
  });
  return broken;
}

function versionRules(config: EnvironmentInput, pin: string): Broken[] {
  if (pin === config.kubernetes || pin.startsWith(`${config.kubernetes}.`)) return [];
  const minor = pin.split('.').slice(0, 2).join('.');
  return [
    {
      path: ['kubernetes'],
      message: `versions.yaml pins Kubernetes ${pin}`,
      suggestion: nearest(config.kubernetes, [minor]) ?? minor,
    },
  ];
}

function rangeOf(text: string): { first: number; last: number } | undefined {
  const [address, bits] = text.split('/');
  const parts = (address ?? '').split('.').map(Number);
  const length = Number(bits);
  if (
    parts.length !== 4 ||
    parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255) ||
    !(length >= 0 && length <= 32)
  )
    return undefined;
  const value = parts.reduce((sum, part) => sum * 256 + part, 0);
  const size = 2 ** (32 - length);
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}
