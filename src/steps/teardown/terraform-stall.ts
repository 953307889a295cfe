import { isPlatformError, PlatformError } from '../../errors.ts';
import type { ResourceChange, StateResource, TerraformRoot } from '../../tools/ports.ts';
import { refusedKinds, removableKinds } from '../../tools/ports-estate.ts';
import { minutes, seconds } from '../durations.ts';
import type { StepContext } from '../kit.ts';
import { chainOf, chainText } from './blockers.ts';
import { referenceOf } from './evidence-terraform.ts';
import type { Evidence, Finding } from './inventory-types.ts';
import { takePartialInventory } from './inventory.ts';
import { keyOf } from './ownership-marks.ts';
import { leftoversError } from './sweep-leftovers.ts';
import { shortSpell } from './wait.ts';

/** Past the first, it is looked for who holds it. Nothing of ours takes AWS as long as the second: machines and load balancers are gone before. */
const suspicious = seconds(45);
const hopeless = minutes(3);
/** Terraform alone ends the machines too, and a shutdown may hang for minutes before EC2 cuts it short. */
const hopelessWithMachines = minutes(10);
/** What people put into their own trees may take AWS that long (databases, distributions); Terraform's own deadlines come first. */
const hopelessElsewhere = minutes(30);

const blockedWords =
  /DependencyViolation|InUse|in use|mapped public address|DeleteConflict|BucketNotEmpty|timeout while waiting/i;

/**
 * Lets Terraform destroy, and looks at how far it is: where nothing goes any more, a fresh listing tells who holds what it waits for. It is
 * interrupted when that has not changed for minutes, instead of the twenty that the provider waits for a subnet; the error names each leftover
 * with its chain.
 */
export async function destroyWatched(
  ctx: StepContext,
  root: TerraformRoot,
  evidence: Evidence,
  resources: readonly StateResource[],
  agree: (changes: readonly ResourceChange[]) => void,
): Promise<void> {
  const stop = new AbortController();
  const over = new AbortController();
  let [done, working, changed] = ['', '', ctx.clock.monotonic()];
  const note = (text: string): void => {
    const [, count = text] = /^(\d+\/\d+) resources destroyed/.exec(text) ?? [];
    if (count !== done) changed = ctx.clock.monotonic();
    done = count;
    working = /destroyed, (.+) deleting \d+s$/.exec(text)?.[1] ?? working;
    ctx.note(text);
  };
  const limit = limitOf(ctx, evidence);
  const watch = async (): Promise<void> => {
    for (let pause = suspicious; !over.signal.aborted; pause = Math.min(minutes(1), limit / 3)) {
      await ctx.clock.sleep(pause, over.signal);
      const unchanged = ctx.clock.monotonic() - changed;
      if (over.signal.aborted || working === '' || unchanged < suspicious) continue;
      if (unchanged >= limit) return stop.abort();
      const chain = await chainTo(ctx, evidence, resources, working).catch(() => '');
      ctx.note(`${working} unchanged for ${shortSpell(unchanged)}${chain === '' ? '' : `: ${chain}`}`);
    }
  };
  const watching = watch();
  try {
    const signal = AbortSignal.any([ctx.signal, stop.signal]);
    await ctx.terraform.destroy(root, { signal, note, agree });
  } catch (error) {
    const isBlocked = stop.signal.aborted || (isPlatformError(error) && blockedWords.test(error.message));
    if (ctx.signal.aborted || !isBlocked) throw error;
    throw (
      (await heldError(ctx, evidence, resources)) ?? (stop.signal.aborted ? lateError(root, working, limit) : error)
    );
  } finally {
    over.abort();
    await watching;
  }
}

function limitOf({ config }: StepContext, { bringYourOwn }: Evidence): number {
  if (bringYourOwn) return hopelessElsewhere;
  return config.teardown?.cleanup === true ? hopeless : hopelessWithMachines;
}

async function chainTo(
  ctx: StepContext,
  evidence: Evidence,
  resources: readonly StateResource[],
  address: string,
): Promise<string> {
  const resource = resources.find((one) => one.address === address);
  const reference = resource === undefined ? undefined : referenceOf(resource, evidence.account);
  if (reference === undefined) return '';
  return chainText(chainOf(reference, await everythingLeft(ctx, evidence)));
}

/** What Terraform does not say: who holds what is left. undefined where nobody is seen to hold anything. */
async function heldError(
  ctx: StepContext,
  evidence: Evidence,
  resources: readonly StateResource[],
): Promise<PlatformError | undefined> {
  const findings = await everythingLeft(ctx, evidence).catch(() => []);
  const ours = new Set(resources.flatMap((one) => referenceOf(one, evidence.account) ?? []).map(keyOf));
  const left = findings.filter(({ resource }) => ours.has(keyOf(resource)));
  const full = left.filter(({ resource }) => resource.kind === 'bucket' && resource.empty === false);
  if (full.length > 0 && evidence.bringYourOwn) return fullError(full);
  const strangers = left.filter(({ resource }) =>
    chainOf(resource, findings).some((one) => !ours.has(keyOf(one.resource))),
  );
  return strangers.length === 0
    ? undefined
    : leftoversError('Terraform cannot destroy what something else holds', strangers, findings);
}

/** Ours are emptied with --delete-data before Terraform begins. What a user's own tree made is its own, and so is what others put into it. */
function fullError(full: readonly Finding[]): PlatformError {
  const names = full.map(({ resource }) => resource.id).join(', ');
  return new PlatformError('LEFTOVERS', {
    message: `Terraform deletes no bucket that is not empty, and platform empties none of your own tree, also with --delete-data: ${names}`,
    next: [
      `empty ${names} by hand, versions and delete markers too; or set force_destroy = true in your tree, and apply that`,
      'then run the same command again: it goes on with what is left',
    ],
    facts: { left: full.length, resources: full.map(({ resource }) => `bucket ${resource.id}`).join(', ') },
  });
}

function lateError(root: TerraformRoot, address: string, limit: number): PlatformError {
  return new PlatformError('NOT_READY_IN_TIME', {
    message: `Terraform got no further with ${root.name} for ${shortSpell(limit)}: ${address} is still being deleted, and nothing is seen to hold it`,
    next: [`look at ${address} in the console of AWS`, 'then run the same command again: it goes on with what is left'],
    class: 'transient',
    facts: { root: root.name, address },
  });
}

/** A fresh listing of every kind. */
export const everythingLeft = async (ctx: StepContext, evidence: Evidence): Promise<readonly Finding[]> =>
  await takePartialInventory(ctx, evidence, [...removableKinds, ...refusedKinds]);
