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

type Changes = Readonly<Record<string, { ok: number; changed: number }>>;

/** One playbook for all, while it runs and after it ran well: by the configuration of the process that runs it. */
const wholeRuns = new WeakMap<PlatformConfig, Promise<Changes>>();

/**
 * Runs the step's playbook and sums up what changed: recorded, so that a second run can show changed=0. One playbook for all
 * is run whole, on every machine, by whichever step first has something to do; steps beside and after it share that run.
 */
export async function play(ctx: StepContext, step: string, inventory: Inventory, limit?: string): Promise<Changes> {
  const whole = onePlaybook(ctx.config, step);
  if (whole === undefined) return await runPlay(ctx, playFor(ctx.config, step, inventory, limit), inventory);
  const earlier = wholeRuns.get(ctx.config);
  if (earlier !== undefined) {
    ctx.note(`${whole} is run once for all steps, and serves this one too`);
    await earlier;
    return {};
  }
  const running = runPlay(ctx, { ...playFor(ctx.config, step, inventory), serves: 'all' }, inventory);
  wholeRuns.set(ctx.config, running);
  try {
    return await running;
  } catch (error) {
    // Whoever comes next, a further attempt or another step, runs it again.
    wholeRuns.delete(ctx.config);
    throw error;
  }
}

async function runPlay(ctx: StepContext, play: Play, inventory: Inventory): Promise<Changes> {
  await sameAsOutputs(ctx, inventory);
  if (ctx.config.ansible.dir !== undefined) await knowsItsVariables(ctx, play);
  const hosts = await ctx.ansible.play(play, ctx);
  return Object.fromEntries(
    Object.entries(hosts).map(([name, { ok, changed }]: [string, HostSummary]) => [name, { ok, changed }]),
  );
}

/**
 * Before the first apply nobody knew which variables a tree's own inventory gives to which host; now it is known, and no
 * machine has been touched yet (catalogue A24: one name without a value was found twenty minutes into a run).
 */
async function knowsItsVariables(ctx: StepContext, play: Play): Promise<void> {
  const { undefinedVariables } = await ctx.ansible.inspect(play, ctx.signal);
  if (undefinedVariables.length === 0) return;
  const texts = undefinedVariables.map(
    ({ file, line, task, variable }) => `  ${file}:${line}: ${variable} is not defined (task "${task}")`,
  );
  throw new PlatformError('CONTRACT_BROKEN', {
    message: `${play.playbook} asks for variables that have no value on some machine:\n${[...new Set(texts)].join('\n')}`,
    next: ['print them in the inventory, or define them in group_vars'],
    facts: { playbook: play.playbook },
  });
}

/** The playbook `site`, for steps that have none of their own. */
const onePlaybook = ({ ansible }: PlatformConfig, step: string): string | undefined =>
  ansible.playbooks[step] === undefined ? ansible.playbooks['site'] : undefined;

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
