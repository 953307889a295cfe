import type { Clock } from '../../tools/ports.ts';
import type { FarCluster } from '../cluster/far-cluster.ts';
import type { SimulatedMachine } from '../machines/machine.ts';
import type { Machines } from '../machines/registry.ts';
import type { SandboxSettings } from '../settings.ts';

/** What a generated task tells of its host: the inventory's variables. Everything may be missing in a foreign tree. */
export interface HostFacts {
  readonly host: string;
  readonly address: string;
  readonly instance: string;
  readonly provider: string;
  readonly role: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly variables: {
    readonly kubernetes: string;
    readonly containerd: string;
    readonly pods: string;
    readonly services: string;
    readonly endpoint: string;
    readonly names: readonly string[];
    readonly cni: string;
    readonly manifests: readonly { readonly url: string; readonly sha256: string }[];
  };
}

export interface EffectWorld {
  readonly settings: SandboxSettings;
  readonly machines: Machines;
  readonly cluster: FarCluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a role would have done to one machine. `changed` is Ansible's. An error that is thrown fails the task with its message. */
export type Effect = (
  world: EffectWorld,
  machine: SimulatedMachine,
  facts: HostFacts,
) => Promise<{ readonly changed: boolean; readonly because: string }>;

/** A role that cannot work on this machine. */
export class EffectRefused extends Error {}

export function requirePackages(machine: SimulatedMachine): {
  readonly kubernetes: string;
  readonly containerd: string;
} {
  if (machine.packages === undefined)
    throw new EffectRefused(`${machine.name} has no kubeadm: the step node-base has not run on ${machine.id}`);
  return machine.packages;
}
