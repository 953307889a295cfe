import { isPlatformError, PlatformError } from '../../errors.ts';
import type { CloudKind, CloudResource, EstateScope } from '../../tools/ports.ts';
import type { ReadContext } from '../kit.ts';
import { scopeOf } from './evidence.ts';
import type { Evidence } from './inventory-types.ts';

/** So many listings at a time: EC2 throttles Describe calls of an account, not of a caller. */
const atOnce = 8;

/** Where the listing of a kind comes from: AWS itself, unless a rule of recent-listings.ts says otherwise. */
export type List = (kind: CloudKind, scope: EstateScope) => Promise<readonly CloudResource[]>;

/** All of these kinds, some at a time, in the order in which they were asked for; the first error ends it. */
export async function listKinds(
  ctx: Pick<ReadContext, 'estate' | 'config'>,
  kinds: readonly CloudKind[],
  evidence: Evidence,
  list: List = (kind, scope) => ctx.estate.list(kind, scope),
): Promise<readonly CloudResource[]> {
  const scope = scopeOf(evidence, ctx.config);
  const waiting = [...kinds.entries()];
  const found: (readonly CloudResource[])[] = kinds.map(() => []);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, kind] = next;
      try {
        found[index] = await list(kind, scope);
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
