import type { PlatformConfig } from '../../config/config.ts';
import type { CheckResult, Json } from '../../engine/types.ts';
import type { CloudKind, RemovableKind } from '../../tools/ports.ts';
import type { ReadContext, StepContext } from '../kit.ts';
import { scopeOf } from './evidence.ts';
import { findingsOf, takePartialInventory } from './inventory.ts';
import type { Finding } from './inventory-types.ts';
import { orderOf, targetsOf } from './order.ts';
import { knownEvidence } from './known-evidence.ts';
import { changing, listNow, listRecent } from './recent-listings.ts';
import { isRemovable, type SweepResult, sweepWith } from './sweep.ts';
import { patient } from './sweep-patience.ts';
import { kindsInTheWay } from './sweep-strangers.ts';
import { nameOf } from './sweep-words.ts';

/** What one step of the teardown sweeps. */
export interface Sweeping {
  readonly kinds: readonly RemovableKind[];
  /** Narrows what is proven ours and not kept. */
  choose(finding: Finding): boolean;
  /** Kinds that are looked at too, for whoever judges what is left. */
  readonly alongside?: readonly CloudKind[];
}

/** What controllers of the cluster make while it lives, and what people make through it. */
export const kindsOfControllers = [
  'load-balancer',
  'target-group',
  'network-interface',
  'volume',
  'security-group',
  'dns-record',
  'snapshot',
] as const satisfies readonly RemovableKind[];

/** What a cut apply may have made in the network without writing it into the state: Terraform could not remove the VPC under it. */
export const kindsOfNetwork = ['subnet', 'route-table', 'internet-gateway'] as const satisfies readonly RemovableKind[];

/** Terraform removes what its states hold; we remove the rest. */
export const isNotTerraforms = ({ terraform }: Finding): boolean => terraform === undefined;

/** What stands in no state and goes before the network. Of a user's own tree the network is theirs. */
export const leftoversOf = ({ terraform }: PlatformConfig): Sweeping => ({
  kinds: terraform.dir === undefined ? [...kindsOfControllers, ...kindsOfNetwork] : kindsOfControllers,
  choose: isNotTerraforms,
  // Its certificate goes with the rest of its one root; the step of our foundation asks by itself who has ours.
  alongside: terraform.dir === undefined ? kindsInTheWay : [...kindsInTheWay, 'certificate', 'distribution'],
});

/** Sweeps these kinds until a fresh listing shows none that is ours and chosen. Nothing was ever built: does nothing. */
export async function sweepCluster(ctx: StepContext, sweeping: Sweeping): Promise<SweepResult> {
  const evidence = await knownEvidence(patient(ctx));
  if (evidence === undefined) return { removed: [], findings: [] };
  const scope = scopeOf(evidence, ctx.config);
  const estate: StepContext['estate'] = {
    list: (kind) => ctx.estate.list(kind, scope),
    remove: (resource, options) =>
      changing(
        ctx,
        () => ctx.estate.remove(resource, options),
        resource.kind === 'dns-record' ? ['dns-record'] : undefined,
      ),
    revoke: (group, rules) => changing(ctx, () => ctx.estate.revoke(group, rules)),
  };
  return sweepWith(
    { ...ctx, estate },
    {
      ...sweeping,
      deleteData: ctx.config.teardown?.deleteData === true,
      source: {
        list: (kind, part, look) => {
          const of = { ...scope, ...(look !== undefined && { look }) };
          return part === undefined
            ? listNow(ctx, kind, of)
            : ctx.estate.list(kind, { ...of, ...(part === 'near' ? { near: true } : { only: part }) });
        },
        vpcs: scope.vpcs,
        recall: (kind) => listRecent(ctx, kind, scope),
        classify: (resources) => findingsOf(resources, evidence, ctx.config),
      },
    },
  );
}

/** A look at what the sweep would remove: satisfied when there is none, and nobody refuses what else is seen. */
export async function checkSwept<Out extends Json>(
  ctx: ReadContext,
  { kinds, choose, alongside = [] }: Sweeping,
  none: Out,
  words: { readonly satisfied: string; readonly needed: string; refuse?(findings: readonly Finding[]): void },
): Promise<CheckResult<Out>> {
  const request = { choose, deleteData: ctx.config.teardown?.deleteData === true };
  const swept = new Set<CloudKind>(kinds);
  const seen = await lookAt(ctx, [...kinds, ...alongside]);
  const order = orderOf(seen, (finding) => swept.has(finding.resource.kind) && isRemovable(finding, request));
  const found = targetsOf(order);
  if (found.length === 0) {
    words.refuse?.(seen);
    return { state: 'satisfied', output: none, because: words.satisfied };
  }
  return {
    state: 'needed',
    because: `${found.length} ${words.needed}`,
    preview: found.map(({ resource, because }) => `delete ${nameOf(resource)}: ${because}`),
  };
}

/** One look at these kinds: what the step before listed a moment ago, and nobody has changed since, is not listed again. */
async function lookAt(ctx: ReadContext, kinds: readonly CloudKind[]): Promise<readonly Finding[]> {
  const asked = patient(ctx);
  const evidence = await knownEvidence(asked);
  if (evidence === undefined) return [];
  return takePartialInventory(asked, evidence, kinds, (kind, scope) => listRecent(asked, kind, scope));
}
