import { PlatformError } from '../../errors.ts';
import type { PlatformConfig } from '../../config/config.ts';
import type { HostSummary } from '../../tools/ports.ts';
import type { StepContext } from '../kit.ts';

/** Runs a playbook of ours that no build runs, with variables beside those of the inventory that stands. */
export async function ownPlay(
  ctx: StepContext,
  name: 'node-reset' | 'etcd-restore',
  limit: string,
  more: Readonly<Record<string, string | boolean>>,
): Promise<Readonly<Record<string, HostSummary>>> {
  const { stateFolder, program } = ctx.config;
  const known = await ctx.files.read(`${stateFolder}/variables.json`);
  if (known === undefined)
    throw new PlatformError('NEEDS_NOT_MET', {
      message: 'there are no variables of this platform here yet',
      next: [`platform up --env ${ctx.config.environment} derives them`],
    });
  const variables = `${stateFolder}/variables.${name}.json`;
  const all = { ...(JSON.parse(known) as object), ...more };
  await ctx.files.write(variables, `${JSON.stringify(all, null, 2)}\n`, 0o600);
  const playbook = `${program}/ansible/playbooks/${name}.yml`;
  return ctx.ansible.play({ playbook, inventory: `${stateFolder}/inventory.yml`, variables, limit }, ctx);
}

/** A tree of one's own brings its own way: our roles know nothing of how it made the machines. */
export function refuseOwnTree({ ansible, environment }: PlatformConfig, command: string): void {
  if (ansible.dir === undefined) return;
  throw new PlatformError('NEEDS_NOT_MET', {
    message: `${environment} is built by an Ansible tree of your own, which ${command} does not know`,
    next: ['do it with that tree; platform status shows the result'],
  });
}
