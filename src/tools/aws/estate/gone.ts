import { isPlatformError } from '../../../errors.ts';
import { isAbsent } from '../errors.ts';

/** Ways of AWS to say "already gone" that do not follow its pattern of NotFound or NoSuch. */
const others = new Set([
  'Gateway.NotAttached',
  'InvalidAllocationID.NotFound',
  'InvalidAssociationID.NotFound',
  'NatGatewayNotFound',
]);

/** Name that AWS gave to the error; '' for what is not from AWS. */
export function nameOf(error: unknown): string {
  return isPlatformError(error) ? String(error.facts['name'] ?? '') : '';
}

export function isGone(error: unknown): boolean {
  return isPlatformError(error) && (isAbsent(error) || others.has(nameOf(error)));
}

/** Does the work; that its object is already gone is fine. Says whether it was there. */
export async function unlessGone(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** What a lookup finds; undefined where there is nothing of that name. */
export async function orNothing<Found>(work: Promise<Found>): Promise<Found | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * Does the work, and where AWS refuses it by one of these names, clears the way and does it once more: most things are free when they are asked to
 * go, so looking first would cost a call each.
 */
export async function clearingTheWay(
  work: () => Promise<unknown>,
  names: readonly string[],
  clear: () => Promise<unknown>,
): Promise<void> {
  try {
    await unlessGone(work());
  } catch (error) {
    if (!names.includes(nameOf(error))) throw error;
    await clear();
    await unlessGone(work());
  }
}
