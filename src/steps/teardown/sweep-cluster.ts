import type { CheckResult, Json } from '../../engine/types.ts';
import type { CloudKind, RemovableKind } from '../../tools/ports.ts';
import type { ReadContext, StepContext } from '../kit.ts';
import { gatherEvidence, readIdentity, scopeOf } from './evidence.ts';
import { findingsOf, takePartialInventory } from './inventory.ts';
import type { Evidence, Finding } from './inventory-types.ts';
import { exists } from './order.ts';
import { isRemovable, type SweepResult, sweepWith } from './sweep.ts';
import { nameOf } from './sweep-words.ts';

/** What one step of the teardown sweeps. */
export interface Sweeping {
  readonly kinds: readonly RemovableKind[];
  /** Narrows what is proven ours and not kept. */
  choose(finding: Finding): boolean;
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

/** Terraform removes what its states hold; we remove the rest. */
export const isNotTerraforms = ({ terraform }: Finding): boolean => terraform === undefined;

/** What dies with something of a kind that is not swept here (the default group with its VPC) is not waited for here either. */
function chosenFrom({ kinds, choose }: Sweeping): (finding: Finding) => boolean {
  return (finding) => {
    const parent = finding.resource.diesWith?.kind;
    return choose(finding) && (parent === undefined || kinds.some((kind) => kind === parent));
  };
}

/** Sweeps these kinds until a fresh listing shows none that is ours and chosen. Nothing was ever built: does nothing. */
export async function sweepCluster(ctx: StepContext, sweeping: Sweeping): Promise<SweepResult> {
  const evidence = await evidenceOf(ctx);
  if (evidence === undefined) return { removed: [], findings: [] };
  const scope = scopeOf(evidence, ctx.config);
  return sweepWith(ctx, {
    kinds: sweeping.kinds,
    choose: chosenFrom(sweeping),
    deleteData: ctx.config.teardown?.deleteData === true,
    source: {
      list: (kind) => ctx.estate.list(kind, scope),
      classify: (resources) => findingsOf(resources, evidence, ctx.config),
    },
  });
}

/** A look at what the sweep would remove: satisfied when there is none. */
export async function checkSwept<Out extends Json>(
  ctx: ReadContext,
  sweeping: Sweeping,
  none: Out,
  words: { readonly satisfied: string; readonly needed: string },
): Promise<CheckResult<Out>> {
  const { kinds } = sweeping;
  const chosen = { choose: chosenFrom(sweeping), deleteData: ctx.config.teardown?.deleteData === true };
  const found = (await lookAt(ctx, kinds)).filter(
    (finding) =>
      kinds.some((kind) => kind === finding.resource.kind) && exists(finding) && isRemovable(finding, chosen),
  );
  if (found.length === 0) return { state: 'satisfied', output: none, because: words.satisfied };
  return {
    state: 'needed',
    because: `${found.length} ${words.needed}`,
    preview: found.map(({ resource, because }) => `delete ${nameOf(resource)}: ${because}`),
  };
}

/** One fresh look at these kinds. */
export async function lookAt(ctx: ReadContext, kinds: readonly CloudKind[]): Promise<readonly Finding[]> {
  const evidence = await evidenceOf(ctx);
  return evidence === undefined ? [] : takePartialInventory(ctx, evidence, kinds);
}

/** Read again by each step: what was recorded meanwhile is a proof too. Undefined: nothing was ever built. */
async function evidenceOf(ctx: ReadContext): Promise<Evidence | undefined> {
  const identity = await readIdentity(ctx);
  if (identity === undefined) return undefined;
  return gatherEvidence(ctx, identity, { is: 'left-out', because: 'the sweep asks AWS only' });
}
