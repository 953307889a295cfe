import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { FoundNode } from '../steps/find-node.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import type { Environment } from './environment.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';
import { type Recorded, recordedFacts } from './recorded.ts';

interface SshOptions extends CommonOptions {
  readonly print?: boolean;
  readonly tty?: boolean;
}

/** Logs in to a machine, or runs a command on it, with pinned host keys and our key. The exit code is the remote one; 255 is ssh's own. */
export async function ssh(host: Host, options: SshOptions, node = '', ...words: string[]): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const signal = abortOnSignal(host);
  const environment = await host.open(config, { ephemeral: true });
  let argv: readonly string[];
  try {
    const [recorded, { findNode }, { nearest }, { loginCommand, shellLine }] = await Promise.all([
      recordedFacts(environment),
      import('../steps/find-node.ts'),
      import('../config/suggest.ts'),
      import('../tools/ssh-login.ts'),
    ]);
    const { hosts } = recorded.inventory;
    const names = Object.entries(hosts).flatMap(([name, { instance }]) => [name, instance]);
    const found = findNode(node, hosts, (word) => nearest(word, names));
    const { sshUser: user, sshKey: key } = environment.config.access;
    const { name } = found;
    const { address } = found.host;
    const knownHosts = `${config.stateFolder}/known_hosts`;
    const login = { words, terminal: options.tty === true };
    argv = loginCommand(environment.programs.ssh, { name, address, user, key }, knownHosts, login);
    if (options.print === true) {
      const document = { schema: 'platform/ssh/v1', node: name, instance: found.host.instance, address, argv };
      host.stdout.write(`${options.json === true ? JSON.stringify(document) : shellLine(argv)}\n`);
      return 0;
    }
    await refuseUnreachable(environment, recorded, found, signal);
  } finally {
    await environment.close();
  }
  const { runInForeground } = await import('../tools/foreground.ts');
  return runInForeground(argv, host.environment, host.signals());
}

/** Says why before ssh can only say that it timed out: a machine without a pinned key, stopped, gone, or at another address. */
async function refuseUnreachable(
  environment: Environment,
  { clusterId }: Recorded,
  { name, host }: FoundNode,
  signal: AbortSignal,
): Promise<void> {
  const { ssh, aws } = environment.look(signal);
  const env = environment.config.environment;
  if ((await ssh.pinned(host.address)).length === 0)
    throw new PlatformError('IDENTITY_MISMATCH', {
      message: `no host key of ${name} (${host.address}) is pinned, so nobody can tell whether it is that machine`,
      next: [`platform up --env ${env} takes the key from the console output of EC2, and pins it`],
      facts: { node: name, address: host.address },
    });
  const { open, because } = await ssh.reach(host.address, 22, signal);
  if (open) return;
  const machines = await aws.instances(clusterId).catch(() => undefined);
  const machine = machines?.find(({ id }) => id === host.instance);
  throw new PlatformError('UNREACHABLE', {
    message: `${name} (${host.instance}) cannot be reached: ${stateText(machine, machines !== undefined, host.address) ?? because}`,
    next: [
      ...(machine?.state === 'stopped' ? [`start it: aws ec2 start-instances --instance-ids ${host.instance}`] : []),
      `platform up --env ${env} makes what is missing and finds new addresses; platform status shows all machines`,
      ...(machine?.state === 'running' ? ['look whether this machine may reach port 22: access.allow'] : []),
    ],
    facts: { node: name, instance: host.instance, address: host.address, state: machine?.state ?? 'unknown' },
  });
}

/** What EC2 says; undefined: nothing that would explain it. */
function stateText(
  machine: { readonly state: string; readonly publicAddress: string; readonly privateAddress: string } | undefined,
  wasAsked: boolean,
  address: string,
): string | undefined {
  if (machine === undefined) return wasAsked ? 'EC2 no longer has that machine' : undefined;
  if (machine.state !== 'running') return `EC2 calls it ${machine.state}`;
  if (machine.publicAddress !== '' && ![machine.publicAddress, machine.privateAddress].includes(address))
    return `it moved from ${address} to ${machine.publicAddress}`;
  return undefined;
}
