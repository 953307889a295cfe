import { bootProgress } from './machine.ts';
import type { SimulatedMachine } from './machine.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandWorld {
  readonly delay: number;
  readonly now: number;
  /** Content of /etc/kubernetes/admin.conf; undefined where there is none. */
  readonly adminConfiguration: string | undefined;
}

const says = (stdout: string, code = 0): CommandResult => ({
  code,
  stdout: stdout === '' ? '' : `${stdout}\n`,
  stderr: '',
});
const fails = (code: number, stderr: string): CommandResult => ({ code, stdout: '', stderr: `${stderr}\n` });

/**
 * What a command prints on a simulated machine. Only what gates of the product read is answered, in the words of the
 * real programs on Ubuntu 24.04; everything else is "not simulated" with exit code 127.
 */
export function runCommand(machine: SimulatedMachine, command: string, world: CommandWorld): CommandResult {
  const words = command.trim().split(/\s+/);
  const plain = words[0] === 'sudo' ? words.slice(words[1] === '-n' ? 2 : 1) : words;
  const [program = '', ...rest] = plain;
  switch (program) {
    case 'true':
      return says('');
    case 'hostname':
      return says(machine.name);
    case 'cloud-init':
      return rest[0] === 'status'
        ? says(cloudInitStatus(bootProgress(machine, world.delay, world.now)))
        : unknown(command);
    case 'fuser':
      // Exit 1: nobody has the files open.
      return bootProgress(machine, world.delay, world.now) < 1 ? says(' 812') : { code: 1, stdout: '', stderr: '' };
    case 'kubelet':
    case 'kubeadm':
    case 'kubectl':
    case 'containerd':
      return versionOf(machine, program, rest) ?? unknown(command);
    case 'systemctl':
      return rest[0] === 'is-active' ? unitState(machine, rest.at(-1) ?? '') : unknown(command);
    case 'base64':
      return rest.at(-1) === '/etc/kubernetes/admin.conf' ? adminConfiguration(world) : unknown(command);
    case 'cat':
      if (rest.at(-1) === '/var/lib/platform/etcd-backup.json') return outcomeOfBackup(machine);
      return rest.at(-1) === '/etc/kubernetes/admin.conf' && world.adminConfiguration !== undefined
        ? { code: 0, stdout: world.adminConfiguration, stderr: '' }
        : unknown(command);
    default:
      return unknown(command);
  }
}

const unknown = (command: string): CommandResult => fails(127, `platform sandbox: not simulated: ${command}`);

function cloudInitStatus(progress: number): string {
  const status = progress >= 1 ? 'done' : 'running';
  return JSON.stringify({
    boot_status_code: 'enabled-by-generator',
    detail: 'DataSourceEc2Local',
    errors: [],
    extended_status: status,
    recoverable_errors: {},
    status,
  });
}

function versionOf(machine: SimulatedMachine, program: string, rest: readonly string[]): CommandResult | undefined {
  if (!rest.some((word) => word === '--version' || word === 'version')) return undefined;
  const { packages } = machine;
  if (packages === undefined) return fails(127, `bash: line 1: ${program}: command not found`);
  if (program === 'kubelet') return says(`Kubernetes v${packages.kubernetes}`);
  if (program === 'containerd') return says(`containerd github.com/containerd/containerd/v2 ${packages.containerd}`);
  return says(`v${packages.kubernetes}`);
}

/** systemd 255 ends with 4 for a unit that it does not know. */
function unitState(machine: SimulatedMachine, unit: string): CommandResult {
  const name = unit.replace(/\.service$/, '');
  const active =
    machine.units.includes(unit) ||
    (name === 'containerd' && machine.packages !== undefined) ||
    (name === 'kubelet' && machine.node !== undefined);
  return active ? says('active') : says('inactive', 4);
}

/** No snapshot is ever taken here: a simulated machine says that it does not lead. */
function outcomeOfBackup(machine: SimulatedMachine): CommandResult {
  return machine.units.includes('platform-etcd-backup.timer')
    ? says('{"status": "not-leader"}')
    : fails(1, 'cat: /var/lib/platform/etcd-backup.json: No such file or directory');
}

function adminConfiguration({ adminConfiguration }: CommandWorld): CommandResult {
  return adminConfiguration === undefined
    ? fails(1, 'base64: /etc/kubernetes/admin.conf: No such file or directory')
    : { code: 0, stdout: Buffer.from(adminConfiguration).toString('base64'), stderr: '' };
}
