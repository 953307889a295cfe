import { faultOf, verdictOf } from '../../src/steps/teardown/verdict.ts';
import type { CloudKind, CloudResource, EstateScope, EstateWriter } from '../../src/tools/ports-estate.ts';
import { removableKinds } from '../../src/tools/ports-estate.ts';

/** All that is listed, in one look. */
export async function look(
  estate: EstateWriter,
  scope: EstateScope,
  kinds: readonly CloudKind[] = removableKinds,
): Promise<readonly CloudResource[]> {
  const found = await Promise.all(kinds.map((kind) => estate.list(kind, scope)));
  return found.flat().filter(({ phase }) => phase !== 'gone');
}

/**
 * The simplest sweep that a listing and its edges allow: each round removes what nothing listed holds any more, and looks again only at kinds of which
 * something was there; the last look is at all. It proves that the edges are complete
 * (a refusal is a missing edge) and that they lead to an end. Only for an account that is all ours.
 */
export async function sweep(
  estate: EstateWriter,
  scope: EstateScope,
  pass: () => Promise<void>,
): Promise<{ readonly rounds: number; readonly refused: readonly string[]; readonly left: readonly string[] }> {
  const refused: string[] = [];
  let kinds: readonly CloudKind[] = removableKinds;
  for (let rounds = 1; rounds <= 12; rounds += 1) {
    const all = await look(estate, scope, kinds);
    if (all.length === 0 && kinds === removableKinds) return { rounds, refused, left: [] };
    kinds = all.length === 0 ? removableKinds : [...new Set(all.map(({ kind }) => kind))];
    const held = new Set(all.flatMap(({ holds }) => holds).map(({ kind, id }) => `${kind} ${id}`));
    const isFree = (one: CloudResource): boolean =>
      one.phase === 'live' &&
      one.managedBy === undefined &&
      one.diesWith === undefined &&
      !held.has(`${one.kind} ${one.id}`);
    for (const one of all.filter(isFree))
      await estate.remove(one, { unprotect: true, withData: true }).catch((error: unknown) => {
        if (verdictOf(faultOf(error)) === 'failed') throw error;
        refused.push(`${one.kind} ${faultOf(error).name ?? ''}`);
      });
    await pass();
  }
  return { rounds: 12, refused, left: (await look(estate, scope)).map(({ kind, id }) => `${kind} ${id}`) };
}
