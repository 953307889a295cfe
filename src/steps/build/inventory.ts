import type { PlatformConfig } from '../../config/config.ts';
import { PlatformError } from '../../errors.ts';
import type { Machine } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import { step } from '../kit.ts';
import { filesOf, type Host, hostsOf, variablesOf } from '../inventory-files.ts';
import { addresses } from './addresses.ts';
import { infrastructure } from './infrastructure.ts';
import { stateBackend } from './state-backend.ts';

export type { Host, Inventory } from '../inventory-files.ts';

/**
 * Inventory and variables for Ansible, derived from the topology and the outputs, and compared before each use: an
 * inventory that nobody made anew cost a run 301 s on an address that was gone (catalogue A10, A22, A24).
 * Both files are JSON, which Ansible reads as YAML.
 */
export const inventory = step({
  id: 'inventory',
  title: 'Inventory',
  needs: { backend: stateBackend, infrastructure, addresses },
  repeat: 'safe',
  onCancel: 'abort',
  timeout: seconds(30),
  inputs: (config, up) => ({ hosts: hostsOf(config, up), variables: variablesOf(config, up) }),
  check: async (ctx, up) => {
    const wanted = filesOf(ctx.config, up);
    for (const [path, text] of wanted.files) {
      const found = await ctx.files.read(path);
      if (found !== text)
        return {
          state: 'needed',
          because: `${path.split('/').at(-1)} ${found === undefined ? 'does not exist' : 'does not fit the outputs'}`,
        };
    }
    return {
      state: 'satisfied',
      output: wanted.output,
      because: `${Object.keys(wanted.output.hosts).length} hosts, as the outputs say`,
    };
  },
  apply: async (ctx, up) => {
    const wanted = filesOf(ctx.config, up);
    for (const [path, text] of wanted.files) await ctx.files.write(path, text, 0o600);
    return wanted.output;
  },
});

/** How SSH reaches a node. */
export function machineOf(config: PlatformConfig, name: string, hosts: Readonly<Record<string, Host>>): Machine {
  const { address } = hostIn(hosts, name);
  return { name, address, user: config.access.sshUser, key: config.access.sshKey };
}

/** The node as the inventory has it; CONTRACT_BROKEN where it has none of that name. */
export function hostIn(hosts: Readonly<Record<string, Host>>, name: string): Host {
  const host = hosts[name];
  if (host === undefined)
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `${name} is not in the inventory`,
      next: ['write the inventory anew: platform up --fresh'],
    });
  return host;
}
