import type { CheckResult, Json } from '../../engine/types.ts';
import type { CloudKind, RemovableKind } from '../../tools/ports.ts';
import type { ReadContext, StepContext } from '../kit.ts';
import { gatherEvidence, readIdentity, scopeOf } from './evidence.ts';
import { findingsOf, takePartialInventory } from './inventory.ts';
import type { Evidence, Finding } from './inventory-types.ts';
import { orderOf, targetsOf } from './order.ts';
import { isRemovable, type SweepResult, sweepWith } from './sweep.ts';
import { patient } from './sweep-patience.ts';
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

/** Sweeps these kinds until a fresh listing shows none that is ours and chosen. Nothing was ever built: does nothing. */
export async function sweepCluster(ctx: StepContext, sweeping: Sweeping): Promise<SweepResult> {
  const evidence = await evidenceOf(patient(ctx));
  if (evidence === undefined) return { removed: [], findings: [] };
  const scope = scopeOf(evidence, ctx.config);
  return sweepWith(ctx, {
    ...sweeping,
    deleteData: ctx.config.teardown?.deleteData === true,
    source: {
      list: (kind) => ctx.estate.list(kind, scope),
      classify: (resources) => findingsOf(resources, evidence, ctx.config),
    },
  });
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

/** One fresh look at these kinds. */
async function lookAt(ctx: ReadContext, kinds: readonly CloudKind[]): Promise<readonly Finding[]> {
  const asked = patient(ctx);
  const evidence = await evidenceOf(asked);
  return evidence === undefined ? [] : takePartialInventory(asked, evidence, kinds);
}

/** Read again by each step: what was recorded meanwhile is a proof too. Undefined: nothing was ever built. */
async function evidenceOf(ctx: ReadContext): Promise<Evidence | undefined> {
  const identity = await readIdentity(ctx);
  if (identity === undefined) return undefined;
  return gatherEvidence(ctx, identity, { is: 'left-out', because: 'the sweep asks AWS only' });
}
