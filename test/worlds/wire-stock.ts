import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { Resource } from './wire-aws.ts';
import { unprovable } from './wire-provable.ts';
import { keyOf, ownObject, statesIn, type Truth, type Truths } from './wire-truth.ts';
import type { WireBase } from './wire-world.ts';

/** A world as it is at this moment, and whose everything in it is. */
export interface Stock {
  readonly before: { readonly resources: readonly Resource[]; readonly rules: readonly SecurityGroupRule[] };
  readonly truths: Truths;
  /** What is not ours, or not surely, and stands in our network: it cannot go before its owners have taken this away. */
  readonly blockers: readonly Resource[];
  /** Two networks carry our id, and no record tells which is ours. */
  readonly isUndecided: boolean;
  /** Number of the last call before the teardown. */
  readonly since: number;
}

const foundation = new Set(['address', 'certificate', 'bucket']);

/** What holds a network up; parts of these come and go with them. */
const standing = new Set(['instance', 'load-balancer', 'security-group', 'subnet']);

/** From what each thing was when it was made: what was asked to stay, what cannot be proven any more, what stands in our way. */
export async function takeStock(world: WireBase): Promise<Stock> {
  const { account, born, project, isTwin, keep } = world;
  const resources = await account.resources();
  const truths = new Map<string, Truth>(born);
  for (const one of resources) {
    const truth = truths.get(keyOf(one));
    const isValidation = one.kind === 'record' && one['type'] === 'CNAME';
    if (keep && (truth === 'ours' || truth === 'data') && (foundation.has(one.kind) || isValidation))
      truths.set(keyOf(one), 'kept');
  }
  const here = join(project.stateFolder, 'ledger.ndjson');
  const records = [
    await statesIn(account.endpoint),
    existsSync(here) ? readFileSync(here, 'utf8') : '',
    await ownObject(account.endpoint, 'ledger.ndjson'),
  ].join('\n');
  for (const key of unprovable({ resources, truths, records, world })) truths.set(key, 'doubtful');
  const home = truths.get(keyOf({ kind: 'vpc', id: world.standing.vpc ?? '' }));
  const blockers = resources.filter((one) => {
    const truth = truths.get(keyOf(one));
    const isIn = home === 'ours' && one['vpc'] === world.standing.vpc && standing.has(one.kind);
    return truth === 'contested' || (isIn && truth === 'foreign');
  });
  return {
    before: { resources, rules: await account.rules() },
    truths,
    blockers,
    isUndecided: isTwin && home === 'doubtful',
    since: (await account.calls()).at(-1)?.n ?? 0,
  };
}
