import { isPlatformError, PlatformError } from '../../errors.ts';
import { minutes } from '../durations.ts';
import { stepForEach } from '../kit.ts';
import { nodeNames } from '../names.ts';
import { cloudInitDone, loginWorks, packagesFree, portOpen } from '../probes/machine.ts';
import { hostIn, inventory, machineOf } from './inventory.ts';

/**
 * Each machine's host key is taken from its console output, once, and pinned: the one place where AWS vouches for it.
 * Console output appears minutes after boot on real EC2, hence the patient retry; it is the only wait inside an apply,
 * because without the pin no probe could speak to the machine.
 */
export const machines = stepForEach({
  id: 'machines',
  title: 'Machine reachable',
  needs: { inventory },
  forEach: nodeNames,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(10),
  retry: { attempts: 60, firstDelay: 1000, maxDelay: 10_000 },
  inputs: (_config, up, key) => ({ host: up.inventory.hosts[key] ?? null }),
  check: async (ctx, up) => {
    const host = hostIn(up.inventory.hosts, ctx.key);
    const pinned = await ctx.ssh.pinned(host.address);
    if (pinned.length === 0) return { state: 'needed', because: `no host key of ${host.address} is pinned` };
    const { open, because } = await ctx.ssh.reach(host.address, 22, ctx.signal);
    if (!open) return { state: 'needed', because };
    const machine = machineOf(ctx.config, ctx.key, up.inventory.hosts);
    const exit = await ctx.ssh
      .run(machine, ['cloud-init', 'status', '--format', 'json'], ctx.signal)
      .catch((error: unknown) => {
        // Another machine got this address: its keys are read anew from its own console, which AWS vouches for.
        if (isPlatformError(error) && error.code === 'IDENTITY_MISMATCH') return undefined;
        throw error;
      });
    if (exit === undefined)
      return { state: 'needed', because: `${host.address} shows another host key than the pinned one` };
    if (!/"status":\s*"done"/.test(exit.stdout)) return { state: 'needed', because: 'cloud-init is not done' };
    return {
      state: 'satisfied',
      output: { name: ctx.key, address: host.address },
      because: `${ctx.config.access.sshUser}@${host.address} logs in, cloud-init is done`,
    };
  },
  apply: async (ctx, up) => {
    const host = hostIn(up.inventory.hosts, ctx.key);
    ctx.note('reading the host key from the console output');
    const keys = hostKeysIn(await ctx.aws.console(host.instance));
    if (keys.length === 0) {
      throw new PlatformError('UNREACHABLE', {
        message: `the console output of ${ctx.key} (${host.instance}) shows no host key yet`,
        class: 'transient',
        next: ['look at the instance’s system log in AWS: cloud-init prints the keys at the end of the first boot'],
      });
    }
    await ctx.ssh.pin(host.address, keys);
    await ctx.ledger.mirror();
    return { name: ctx.key, address: host.address };
  },
  ready: [portOpen, loginWorks, cloudInitDone, packagesFree],
});

/** The keys that cloud-init prints between its two marks (cloudinit/config/cc_keys_to_console.py). */
function hostKeysIn(console: string): readonly string[] {
  const block = /-----BEGIN SSH HOST KEY KEYS-----([\s\S]*?)-----END SSH HOST KEY KEYS-----/.exec(console)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => /((?:ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+=*)/.exec(line)?.[1])
    .filter((key) => key !== undefined);
}
