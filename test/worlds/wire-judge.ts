import type { Failure } from '../../src/engine/events.ts';
import type { Ended } from '../e2e/support/project.ts';
import type { Resource } from './wire-aws.ts';
import { bare, wordsIn } from './wire-harm.ts';
import { keyOf, statesIn, titleOf, type Truths } from './wire-truth.ts';
import type { WireWorld } from './wire-world.ts';

/** How a teardown may not end, one line each. */
export async function badEnding(world: WireWorld, ended: Ended): Promise<readonly string[]> {
  const { truths, blockers, isUndecided, standing } = world;
  const left = await leftovers(world);
  const home = truths.get(keyOf({ kind: 'vpc', id: standing.vpc ?? '' }));
  const isBlocked = isUndecided || (home === 'ours' && blockers.some((one) => one['vpc'] === standing.vpc));
  if (ended.code === 0)
    return [
      ...(isBlocked ? ['exit 0, and our network stands, for somebody else is in it or has its twin'] : []),
      ...left.map((one) => `exit 0, and left is ${titleOf(one)}`),
    ];
  const failures = failuresOf(ended);
  const because = `exit ${ended.code}: ${failures.map(({ code, message }) => `${code} ${message}`).join('; ')} ${ended.stderr.slice(-1500)}`;
  const allowed = new Map<string, number>([
    ...(isBlocked ? [['LEFTOVERS', 13] as const] : []),
    ...(blockers.some((one) => truths.get(keyOf(one)) === 'contested') ? [['FOREIGN', 8] as const] : []),
  ]);
  if (failures.length === 0 || !failures.every(({ code }) => allowed.has(code))) return [because];
  return [
    ...(failures.some(({ code }) => allowed.get(code) === ended.code) ? [] : [because]),
    ...failures.filter(({ next }) => next.length === 0).map(({ message }) => `says no next action: ${message}`),
    ...(await unnamed(
      world,
      left.filter((one) => !isNotReached(one, ended)),
      failures,
    )),
  ];
}

/** The last word of each step of the last process. */
function failuresOf({ events }: Ended): readonly Failure[] {
  const last = new Map<string, Failure>();
  for (const event of events) {
    if (event.type === 'step.failed') last.set(event.step, event.failure);
    if (event.type === 'step.done') last.delete(event.step);
  }
  return [...last.values()];
}

/** What a step takes that was not begun, and said so: it stands in nobody's way and in no network, and goes when the way is free. */
const isNotReached = ({ vpc }: Resource, { events }: Ended): boolean =>
  vpc === undefined && events.some((event) => event.type === 'step.skipped' && event.step === 'destroy-orphans');

/** What must be gone where the program says that all is done. */
async function leftovers({ account, truths, deleteData }: WireWorld): Promise<readonly Resource[]> {
  const mustGo = (truth: ReturnType<Truths['get']>): boolean => truth === 'ours' || (truth === 'data' && deleteData);
  return (await account.resources()).filter((one) => mustGo(truths.get(keyOf(one))));
}

/** What an ending does not name: what holds it all up, and each leftover. */
async function unnamed(
  { account, blockers, isUndecided, standing }: WireWorld,
  left: readonly Resource[],
  failures: readonly Failure[],
): Promise<readonly string[]> {
  const said = failures.map((failure) => JSON.stringify(failure)).join('\n');
  const isIn = (text: string, { id, name }: Resource): boolean =>
    text.includes(id.split('/').at(-1) ?? id) || (name !== '' && text.includes(bare(name)));
  const holders = isUndecided ? [{ kind: 'vpc', id: standing.vpc ?? '' }] : blockers;
  const isTold = holders.some(({ id }) => said.includes(id.split('/').at(-1) ?? id));
  // What Terraform holds is Terraform's list: it goes when that can.
  const states = await statesIn(account.endpoint);
  return [
    ...(isTold ? [] : [`none of ${holders.map(({ kind, id }) => `${kind} ${id}`).join(', ')} is named in ${said}`]),
    ...left
      .filter((one) => !diesWithOther(one) && !isIn(said, one) && !isIn(states, one))
      .map((one) => `not named is ${titleOf(one)} in ${said}`),
  ];
}

/** AWS takes it away itself when that goes which it is a part of. */
const diesWithOther = ({ kind, ...facts }: Resource): boolean =>
  facts['own'] === false || facts['main'] === true || kind === 'listener' || kind === 'network-interface';

/** Refusals that Terraform waits on and tries again: more than one poll each. */
export async function waits({ account, since }: WireWorld): Promise<readonly string[]> {
  const counts = new Map<string, number>();
  for (const { agent, code = '', action, parameters } of await account.calls(since)) {
    if (!/Terraform/.test(agent) || !/DependencyViolation|InUse|DeleteConflict/.test(code)) continue;
    const what = `${action} ${wordsIn(parameters).join(' ')}: ${code}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([what, count]) => `Terraform asked ${count} times: ${what}`);
}
