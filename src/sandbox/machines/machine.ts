/** A simulated machine: everything about it that a gate can read. */
export interface SimulatedMachine {
  /** EC2 instance id: a replaced instance is another machine, and bare. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly privateAddress: string;
  readonly state: string;
  /** `ssh-ed25519 BASE64` */
  readonly hostKey: string;
  /** When it was first seen running, in milliseconds since 1970; absent while it is not. */
  readonly bootedAt?: number;
  /** Whether its console shows the host key already. */
  readonly printed: boolean;
  /** What Ansible installed. */
  readonly packages?: { readonly kubernetes: string; readonly containerd: string };
  /** Its name as a member of the cluster. */
  readonly node?: { readonly name: string; readonly role: 'control-plane' | 'worker' };
  /** systemd units that Ansible switched on. */
  readonly units: readonly string[];
}

/** Parts of the boot time, which is `delay` seconds, at which something is there. */
const sshdAt = 0.3;
export const consoleAt = 0.6;

/** How far the boot is: 1 when cloud-init is done. */
export function bootProgress(machine: SimulatedMachine, delay: number, now: number): number {
  if (machine.bootedAt === undefined || machine.state !== 'running') return 0;
  return delay <= 0 ? 1 : Math.min(1, (now - machine.bootedAt) / (delay * 1000));
}

/** Whether sshd answers, or why not, in the words of a connection attempt. */
export function sshdOf(
  machine: SimulatedMachine | undefined,
  delay: number,
  now: number,
): { readonly open: true } | { readonly open: false; readonly because: 'timed out' | 'refused' } {
  if (machine === undefined || machine.state !== 'running') return { open: false, because: 'timed out' };
  return bootProgress(machine, delay, now) >= sshdAt ? { open: true } : { open: false, because: 'refused' };
}
