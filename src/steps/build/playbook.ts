import type { PlatformConfig } from '../../config/config.ts';
import type { Json } from '../../engine/types.ts';
import { PlatformError } from '../../errors.ts';
import type { HostSummary, Play } from '../../tools/ports.ts';
import type { StepContext } from '../kit.ts';
import type { Inventory } from './inventory.ts';

/** The playbook that serves a step: the user's for that step, the user's one for all, or ours. */
export function playFor(
  config: PlatformConfig,
  step: string,
  inventory: Pick<Inventory, 'inventory' | 'variables'>,
  limit?: string,
): Play {
  const own = config.ansible.playbooks[step] ?? config.ansible.playbooks['site'];
  const folder = config.ansible.dir ?? `${config.program}/ansible`;
  const playbook = own === undefined ? `${folder}/playbooks/${step}.yml` : `${folder}/${own}`;
  return {
    playbook,
    inventory: inventory.inventory,
    variables: inventory.variables,
    ...(limit === undefined ? {} : { limit }),
  };
}

/** What an Ansible step depends on beside its hosts: the tree and the playbook. */
export const playInputs = (config: PlatformConfig, step: string): Json => ({
  tree: config.digests.ansible,
  playbook: config.ansible.playbooks[step] ?? config.ansible.playbooks['site'] ?? null,
});

/** Runs the step's playbook and sums up what changed: recorded, so that a second run can show changed=0. */
export async function play(
  ctx: StepContext,
  step: string,
  inventory: Inventory,
  limit?: string,
): Promise<Readonly<Record<string, { ok: number; changed: number }>>> {
  if (servedByOne(ctx.config, step)) {
    ctx.note(
      `${ctx.config.ansible.playbooks['site'] ?? 'the one playbook'} was run by node-base and serves this step too`,
    );
    return {};
  }
  await sameAsOutputs(ctx, inventory);
  const hosts = await ctx.ansible.play(playFor(ctx.config, step, inventory, limit), ctx);
  return Object.fromEntries(
    Object.entries(hosts).map(([name, { ok, changed }]: [string, HostSummary]) => [name, { ok, changed }]),
  );
}

/** One playbook for all: the first step runs it whole, the later ones only look at what it left. */
const servedByOne = (config: PlatformConfig, step: string): boolean =>
  config.ansible.playbooks['site'] !== undefined &&
  config.ansible.playbooks[step] === undefined &&
  step !== 'node-base';

/** The inventory on disk must still be the derived one: someone may have edited it since. */
async function sameAsOutputs(ctx: StepContext, inventory: Inventory): Promise<void> {
  const text = (await ctx.files.read(inventory.inventory)) ?? '';
  const lost = Object.entries(inventory.hosts).find(
    ([name, host]) => !text.includes(`"${name}"`) || !text.includes(`"${host.address}"`),
  );
  if (lost === undefined) return;
  throw new PlatformError('CONTRACT_BROKEN', {
    message: `${inventory.inventory} no longer names ${lost[0]} at ${lost[1].address}`,
    next: ['run `platform up` again: the inventory is derived anew'],
  });
}
