import { isPlatformError, PlatformError } from '../../errors.ts';
import type { CloudKind, CloudResource, EstateScope } from '../../tools/ports.ts';
import type { ReadContext } from '../kit.ts';
import { scopeOf } from './evidence.ts';
import type { Evidence } from './inventory-types.ts';
import { holdersOfVpc } from './order.ts';

/** So many listings at a time: EC2 throttles Describe calls of an account, not of a caller. */
const atOnce = 8;

/** Where the listing of a kind comes from: AWS itself, unless a rule of recent-listings.ts says otherwise. */
export type List = (kind: CloudKind, scope: EstateScope) => Promise<readonly CloudResource[]>;

/**
 * All of these kinds, some at a time, in the order in which they were asked for; the first error ends it. Networks come first where they are among them:
 * a VPC cannot go while anything stands in it, so in one that is gone nothing is looked for. It is one look: what several kinds need is asked once.
 * `further`: what is looked up by id too.
 */
export async function listKinds(
  ctx: Pick<ReadContext, 'estate' | 'config'>,
  kinds: readonly CloudKind[],
  evidence: Evidence,
  list: List = (kind, scope) => ctx.estate.list(kind, scope),
  further: EstateScope['recorded'] = {},
): Promise<readonly CloudResource[]> {
  const whole = { ...scopeOf(evidence, ctx.config, further), look: {} };
  const waiting = [...kinds.entries()];
  const found: (readonly CloudResource[])[] = kinds.map(() => []);
  let standing = whole;
  const take = async (index: number, kind: CloudKind): Promise<void> => {
    try {
      found[index] = await list(kind, standsInVpc.has(kind) ? standing : whole);
    } catch (error) {
      waiting.length = 0;
      throw explained(kind, error);
    }
  };
  const network = kinds.indexOf('vpc');
  if (network >= 0 && whole.vpcs.length > 0) {
    waiting.splice(network, 1);
    await take(network, 'vpc');
    const there = new Set(found[network]?.map(({ id }) => id));
    standing = { ...whole, vpcs: whole.vpcs.filter((id) => there.has(id)) };
  }
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await take(...next);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, kinds.length) }, work));
  return found.flat();
}

/**
 * Kinds that go before their VPC does: also what holds it by its members only. Not target groups, which outlive it, nor load balancers, which
 * the same call shows.
 */
const standsInVpc: ReadonlySet<CloudKind> = new Set<CloudKind>([
  ...holdersOfVpc.filter((kind) => kind !== 'load-balancer'),
  'auto-scaling-group',
  'classic-load-balancer',
]);

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
