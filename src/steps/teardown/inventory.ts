import type { PlatformConfig } from '../../config/config.ts';
import type { CloudKind, CloudResource } from '../../tools/ports.ts';
import { refusedKinds, removableKinds } from '../../tools/ports-estate.ts';
import type { ReadContext } from '../kit.ts';
import { observeKubernetes } from './cluster-findings.ts';
import { gatherEvidence, type Identity, readIdentity } from './evidence.ts';
import type { Evidence, Finding, Inventory, KubernetesState } from './inventory-types.ts';
import { type List, listKinds, withProof } from './listing.ts';
import { originOf } from './origin.ts';
import { keptBecause } from './kept.ts';
import { refuseLostIdentity } from './lost-identity.ts';
import { judge } from './ownership.ts';
import { keyOf, verdict } from './ownership-marks.ts';
import { isEntryOf } from './ownership-records.ts';
import { patient } from './sweep-patience.ts';

/** The cluster as it was seen, and whose it is. */
export interface Observation {
  readonly identity: Identity;
  readonly kubernetes: KubernetesState;
}

/**
 * Everything that is there, from nothing: ledger, both Terraform states, the live cluster and AWS joined, each thing with its verdict. One fresh
 * listing of every kind, asked again while AWS only says not now. What cannot be listed is an error that names the missing right. No cluster id was ever minted: an inventory of nothing.
 * `list`: where a listing of a moment ago may stand for a new one; `observed`: what was seen of the cluster a moment ago.
 */
export async function takeInventory(world: ReadContext, list?: List, observed?: Observation): Promise<Inventory> {
  const ctx = patient(world);
  const identity = observed?.identity ?? (await readIdentity(ctx));
  const at = ctx.clock.now();
  if (identity === undefined) {
    const { account } = await ctx.aws.caller();
    await refuseLostIdentity(ctx, account);
    const kubernetes = { is: 'left-out', because: 'nothing was ever built' } as const;
    return { at, clusterId: '', account, vpcs: [], findings: [], kubernetes, vanished: [] };
  }
  const kubernetes = observed?.kubernetes ?? (await observeKubernetes(ctx, identity));
  const evidence = await gatherEvidence(ctx, identity, kubernetes);
  // The bucket of the state is nobody's to remove: it is looked up where a person is shown what stays.
  const further = list === undefined && evidence.stateBucket !== undefined ? { bucket: [evidence.stateBucket] } : {};
  const kinds = [...removableKinds, ...refusedKinds];
  const resources = await listKinds(ctx, kinds, await withHome(ctx, evidence), list, further);
  return join(at, resources, evidence, kubernetes, ctx.config);
}

/** Where no VPC is recorded, but tags prove one: what stands in it is looked at too, also what carries no tag. */
async function withHome(ctx: ReadContext, evidence: Evidence): Promise<Evidence> {
  if (evidence.vpcs.length > 0) return evidence;
  const found = judge(await listKinds(ctx, ['vpc'], evidence), evidence);
  const vpcs = [...found].flatMap(([key, { class: ownership }]) =>
    ownership === 'owned' ? [key.slice('vpc '.length)] : [],
  );
  return { ...evidence, vpcs };
}

/**
 * A fresh listing of some kinds, and of those that the verdicts on them hang on. For rounds: the evidence of an inventory stays true while a
 * teardown goes on, for it only says what was ours.
 */
export async function takePartialInventory(
  ctx: ReadContext,
  evidence: Evidence,
  kinds: readonly CloudKind[],
  list?: List,
): Promise<readonly Finding[]> {
  return findingsOf(await listKinds(patient(ctx), withProof(kinds), evidence, list), evidence, ctx.config);
}

/** Each listed thing that still is there, with its verdict, where it comes from, and why it stays. Pure. */
export function findingsOf(
  resources: readonly CloudResource[],
  evidence: Evidence,
  config: Pick<PlatformConfig, 'teardown'>,
): readonly Finding[] {
  const verdicts = judge(resources, evidence);
  const states = new Map(evidence.terraform.map((one) => [keyOf(one).toLowerCase(), one]));
  return resources
    .filter(({ phase }) => phase !== 'gone')
    .map((resource) => {
      const found = verdicts.get(keyOf(resource)) ?? verdict('unknown', 'not judged');
      const state = states.get(keyOf(resource).toLowerCase());
      const origin = originOf(resource, evidence);
      const finding: Finding = {
        resource,
        ...found,
        ...(state === undefined ? {} : { terraform: { root: state.root, address: state.address } }),
        ...(origin === undefined ? {} : { origin }),
      };
      const kept = keptBecause(finding, evidence, config.teardown);
      return kept === undefined ? finding : { ...finding, kept };
    });
}

function join(
  at: number,
  resources: readonly CloudResource[],
  evidence: Evidence,
  kubernetes: KubernetesState,
  config: PlatformConfig,
): Inventory {
  const findings = findingsOf(resources, evidence, config);
  const isThere = (kind: CloudKind, id: string): boolean =>
    findings.some(
      ({ resource }) => resource.kind === kind && (resource.id === id || Object.values(resource.unique).includes(id)),
    );
  const isUp = findings.some(({ resource, class: ownership }) => resource.kind === 'instance' && ownership === 'owned');
  const vanished = evidence.ledger.filter((entry) => {
    // A control plane is where its machines are.
    if (entry.kind === 'kubernetes') return !isUp;
    // Never removed, and not always looked up.
    if (entry.id === evidence.stateBucket) return false;
    const kind = removableKinds.find((one) => isEntryOf(one, entry));
    return kind !== undefined && !isThere(kind, entry.id);
  });
  const vpcs = findings.filter(({ resource, class: ownership }) => resource.kind === 'vpc' && ownership === 'owned');
  return {
    at,
    clusterId: evidence.clusterId,
    account: evidence.account,
    vpcs: [...new Set([...evidence.vpcs, ...vpcs.map(({ resource }) => resource.id)])],
    findings,
    evidence,
    kubernetes,
    vanished,
  };
}
