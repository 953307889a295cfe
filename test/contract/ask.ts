import { expect } from 'vitest';
import { faultOf, verdictOf } from '../../src/steps/teardown/verdict.ts';
import type { CloudKind, CloudReference, CloudResource, EstateScope } from '../../src/tools/ports-estate.ts';
import type { SeededEstate, Tags } from './estate-seed.ts';

export const tagsOf = (cluster: string): Tags => ({ 'platform/cluster': cluster });

export function scopeOf({ cluster }: SeededEstate, more: Partial<EstateScope> = {}): EstateScope {
  return { cluster, vpcs: [], recorded: {}, ...more };
}

export async function idsOf(made: SeededEstate, kind: CloudKind, more?: Partial<EstateScope>): Promise<string[]> {
  return (await made.estate.list(kind, scopeOf(made, more))).map(({ id }) => id).sort();
}

/** The resource of that id, which must be listed exactly once. */
export async function one(
  made: SeededEstate,
  kind: CloudKind,
  id: string,
  more?: Partial<EstateScope>,
): Promise<CloudResource> {
  const found = (await made.estate.list(kind, scopeOf(made, more))).filter((resource) => resource.id === id);
  expect(found.map((resource) => resource.id)).toEqual([id]);
  return found[0] as CloudResource;
}

export const held = (resource: CloudResource, kind: CloudKind): string[] =>
  resource.holds
    .filter((reference: CloudReference) => reference.kind === kind)
    .map(({ id }) => id)
    .sort();

/** How a deletion is refused: the name of AWS (the SDK ends some with Exception), and what it means for a sweep. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const fault = faultOf(error);
    return `${(fault.name ?? '').replace(/Exception$/, '')}: ${verdictOf(fault)}`;
  }
  return 'not refused';
}
