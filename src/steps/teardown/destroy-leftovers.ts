import type { PlatformConfig } from '../../config/config.ts';
import { isPlatformError, PlatformError } from '../../errors.ts';
import type { CloudKind } from '../../tools/ports.ts';
import { removableKinds } from '../../tools/ports-estate.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, stepWhen } from '../kit.ts';
import { destroyLoadBalancers } from './destroy-load-balancers.ts';
import { takePartialInventory } from './inventory.ts';
import type { Finding } from './inventory-types.ts';
import { knownEvidence } from './known-evidence.ts';
import { exists } from './order.ts';
import { listRecent } from './recent-listings.ts';
import { isRemovable } from './sweep.ts';
import { checkSwept, kindsOfControllers, leftoversOf, sweepCluster } from './sweep-cluster.ts';
import { patient } from './sweep-patience.ts';
import { refuseForgotten, refuseStrangers } from './sweep-strangers.ts';
import { nameOf } from './sweep-words.ts';

/**
 * Sweeps what the cluster's controllers made, and what of the network stands in no state: nothing is left on which Terraform would wait. What stands in its way and is not ours ends the
 * teardown here, named with its chain, and not after twenty minutes of waiting.
 */
export const destroyLeftovers = stepWhen({
  id: 'destroy-leftovers',
  title: 'What Terraform does not know',
  needs: { balancers: destroyLoadBalancers },
  when: (config) => config.teardown?.cleanup === true,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(120),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({ environment: config.environment, name: config.name, region: config.region }),
  check: (ctx) =>
    namingOrphans(ctx, () =>
      checkSwept(ctx, leftoversOf(ctx.config), nothing, {
        satisfied: 'nothing that Terraform does not know is left',
        needed: 'things that Terraform does not know are left',
        refuse: (findings) => refuseWhatStands(findings, ctx.config),
      }),
    ),
  apply: (ctx) =>
    namingOrphans(ctx, async () => {
      const { removed, findings } = await sweepCluster(ctx, leftoversOf(ctx.config));
      refuseWhatStands(findings, ctx.config);
      return { removed: removed.length };
    }),
});

/**
 * Where this ends the teardown, what comes after it was never begun. What is ours beside that and stands in no Terraform state would be named nowhere
 * else: not by Terraform, and not by this step.
 */
async function namingOrphans<Out>(ctx: ReadContext, work: () => Promise<Out>): Promise<Out> {
  try {
    return await work();
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'LEFTOVERS' || ctx.signal.aborted) throw error;
    const orphans = await orphansLeft(ctx).catch(() => []);
    if (orphans.length === 0) throw error;
    const names = orphans.map(({ resource }) => nameOf(resource)).join(', ');
    throw new PlatformError(error.code, {
      message: error.message,
      next: [...error.next, `ours too, in no Terraform state, and removed once that is solved: ${names}`],
      class: error.class,
      facts: { ...error.facts, later: orphans.map(({ resource }) => `${resource.kind} ${resource.id}`).join(', ') },
      cause: error,
    });
  }
}

/** What `destroy-orphans` would take beside the kinds of this step. Of a user's own tree there is none. */
async function orphansLeft(world: ReadContext): Promise<readonly Finding[]> {
  const ctx = patient(world);
  const evidence = await knownEvidence(ctx);
  const { kinds, choose } = leftoversOf(ctx.config);
  if (evidence === undefined || ctx.config.terraform.dir !== undefined) return [];
  const others = new Set<CloudKind>(removableKinds.filter((kind) => !kinds.includes(kind)));
  const findings = await takePartialInventory(ctx, evidence, [...others], (kind, scope) =>
    listRecent(ctx, kind, scope),
  );
  const request = { choose, deleteData: ctx.config.teardown?.deleteData === true };
  return findings.filter(
    (finding) => others.has(finding.resource.kind) && exists(finding) && isRemovable(finding, request),
  );
}

function refuseWhatStands(findings: readonly Finding[], { terraform }: PlatformConfig): void {
  refuseStrangers(findings);
  if (terraform.dir !== undefined) refuseForgotten(findings, kindsOfControllers);
}

const nothing = { removed: 0 };
