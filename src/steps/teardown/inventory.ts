import type { PlatformConfig } from '../../config/config.ts';
import { isPlatformError, PlatformError } from '../../errors.ts';
import type { CloudKind, CloudResource } from '../../tools/ports.ts';
import { refusedKinds, removableKinds } from '../../tools/ports-estate.ts';
import type { ReadContext } from '../kit.ts';
import { observeKubernetes } from './cluster-findings.ts';
import { gatherEvidence, readIdentity, scopeOf } from './evidence.ts';
import type { Evidence, Finding, Inventory, KubernetesState } from './inventory-types.ts';
import { originOf } from './origin.ts';
import { keptBecause } from './kept.ts';
import { judge } from './ownership.ts';
import { keyOf, verdict } from './ownership-marks.ts';
import { isEntryOf } from './ownership-records.ts';

/** So many listings at a time: EC2 throttles Describe calls of an account, not of a caller. */
const atOnce = 8;

/**
 * Everything that is there, from nothing: ledger, both Terraform states, the live cluster and AWS joined, each thing with its verdict. One fresh
 * listing of every kind. What cannot be listed is an error that names the missing right. No cluster id was ever minted: an inventory of nothing.
 */
export async function takeInventory(ctx: ReadContext): Promise<Inventory> {
  const identity = await readIdentity(ctx);
  const at = ctx.clock.now();
  if (identity === undefined) {
    const { account } = await ctx.aws.caller();
    const kubernetes = { is: 'left-out', because: 'nothing was ever built' } as const;
    return { at, clusterId: '', account, vpcs: [], findings: [], kubernetes, vanished: [] };
  }
  const kubernetes = await observeKubernetes(ctx, identity);
  const evidence = await gatherEvidence(ctx, identity, kubernetes);
  const resources = await listKinds(ctx, [...removableKinds, ...refusedKinds], evidence);
  return join(at, resources, evidence, kubernetes, ctx.config);
}

/**
 * A fresh listing of some kinds, and of those that the verdicts on them hang on. For rounds: the evidence of an inventory stays true while a
 * teardown goes on, for it only says what was ours.
 */
export async function takePartialInventory(
  ctx: ReadContext,
  evidence: Evidence,
  kinds: readonly CloudKind[],
): Promise<readonly Finding[]> {
  return findingsOf(await listKinds(ctx, withProof(kinds), evidence), evidence, ctx.config);
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

/** The kinds with all that must be listed for their verdicts to be sound. */
export function withProof(kinds: readonly CloudKind[]): readonly CloudKind[] {
  // Always: whether another cluster carries our id, which decides what a tag is worth.
  const all = new Set<CloudKind>(['vpc', 'instance', ...kinds]);
  for (const kind of all) for (const needed of proofOf[kind] ?? []) all.add(needed);
  return [...all];
}

const proofOf: Readonly<Partial<Record<CloudKind, readonly CloudKind[]>>> = {
  'network-interface': ['instance', 'load-balancer', 'nat-gateway', 'vpc-endpoint'],
  address: ['network-interface'],
  'instance-profile': ['instance'],
  role: ['instance-profile'],
  policy: ['role'],
};

/** All of these kinds, some at a time, in the order in which they were asked for; the first error ends it. */
export async function listKinds(
  ctx: Pick<ReadContext, 'estate' | 'config'>,
  kinds: readonly CloudKind[],
  evidence: Evidence,
): Promise<readonly CloudResource[]> {
  const scope = scopeOf(evidence, ctx.config);
  const waiting = [...kinds.entries()];
  const found: (readonly CloudResource[])[] = kinds.map(() => []);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, kind] = next;
      try {
        found[index] = await ctx.estate.list(kind, scope);
      } catch (error) {
        waiting.length = 0;
        throw explained(kind, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, kinds.length) }, work));
  return found.flat();
}

const denials = ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'];

/** An account that cannot be seen whole is not taken apart: what is not listed would be called gone. */
function explained(kind: CloudKind, error: unknown): unknown {
  if (!isPlatformError(error)) return error;
  const { service, action, name } = error.facts;
  const right = denials.includes(String(name)) ? `${String(service)}:${String(action)}` : undefined;
  return new PlatformError(error.code, {
    message: `${kind.replaceAll('-', ' ')}s cannot be listed${right === undefined ? '' : `, ${right} is not allowed`}: ${error.message}`,
    next:
      right === undefined
        ? error.next
        : [`allow ${right} to this caller (the policies are in templates/iam), then run this again`],
    class: error.class,
    facts: { ...error.facts, kind },
    cause: error,
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
  const vanished = evidence.ledger.filter((entry) => {
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
