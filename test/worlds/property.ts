import { generateWorld, type Wishes } from './generate/generate.ts';
import { relabel } from './generate/provable.ts';
import { askedOf, unheeded } from './asked.ts';
import { before, factsOf, harm, leftovers, titleOf, unexpected, waitedTooLong } from './judge.ts';
import { endingOf, insist, type Ending } from './person.ts';
import { Player } from './play.ts';
import type { World } from './world.ts';

/** What became of one world. */
export interface Outcome {
  readonly seed: number;
  readonly world: World;
  readonly player: Player;
  readonly endings: readonly Ending[];
  /** Everything that broke a promise, one line each. */
  readonly problems: readonly string[];
  /** Calls of the product on AWS, and things of ours when it began. */
  readonly calls: number;
  readonly owned: number;
}

/** Takes one world apart, does what the errors say, and judges all of it. `change`: what else is the matter with it. */
export async function playWorld(
  seed: number,
  wishes: Wishes = {},
  change: (world: World) => void = () => undefined,
): Promise<Outcome> {
  const world = await generateWorld(seed, wishes);
  change(world);
  relabel(world);
  const then = before(world);
  const asked = askedOf(world);
  const facts = factsOf(world);
  const player = new Player(world);
  const endings: Ending[] = [];
  const problems: string[] = [];
  let calls = 0;
  try {
    const first = endingOf(await player.run());
    endings.push(first);
    calls = world.aws.count('platform');
    note(problems, unexpected(world, first, facts));
    if (first.failure !== undefined) {
      await insist(player, endings);
      const last = endings.at(-1);
      if (last !== undefined && endings.length > 1) note(problems, unexpected(world, last, facts));
    }
    // What is finished stays finished.
    if (seed % 4 === 0 && endings.at(-1)?.exitCode === 0) note(problems, await onceMore(player));
  } catch (error) {
    problems.push(`the engine broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  problems.push(...harm(player, then), ...waitedTooLong(world), ...unheeded(world, asked, endings.at(-1)));
  return { seed, world, player, endings, problems, calls, owned: then.owned };
}

/** The same command after a clean end: it must find nothing to do, and do nothing. */
async function onceMore(player: Player): Promise<string | undefined> {
  const { aws, cluster } = player.world;
  aws.faults = [];
  const [calls, writes] = [aws.calls.length, cluster.writes.length];
  const { exitCode, failure } = endingOf(await player.run());
  if (exitCode !== 0) return `run again after exit 0: exit ${exitCode} ${failure?.code}: ${failure?.message}`;
  const changes = aws.calls.slice(calls).filter(({ mutating }) => mutating);
  if (changes.length > 0 || cluster.writes.length > writes)
    return `run again after exit 0 changed something: ${changes.map(({ action, target }) => `${action} ${target}`).join(', ')}`;
  return undefined;
}

/** When a process is killed: at a point of its journal (three for each batch of records), or after so many milliseconds of world time. */
export type Moment = { readonly point: number } | { readonly after: number };

/** Kills the teardown of a calm world, resumes it, and compares with the teardown that nobody killed. */
export async function killWorld(
  seed: number,
  when: Moment,
  wishes: Wishes,
  untouched: Rest,
): Promise<readonly string[]> {
  const world = await generateWorld(seed, { ...wishes, calm: true });
  const then = before(world);
  const asked = askedOf(world);
  const player = new Player(world);
  const problems: string[] = [];
  await ('point' in when ? player.crash(when.point) : player.kill(when.after));
  const endings = await insist(player);
  const rest = restOf(world, endings);
  if (rest.exitCode !== untouched.exitCode)
    problems.push(`exit ${rest.exitCode} (${endings.at(-1)?.failure?.message}) and not ${untouched.exitCode}`);
  if (rest.left !== untouched.left) problems.push(`left is ${rest.left} and not ${untouched.left}`);
  problems.push(...harm(player, then), ...waitedTooLong(world), ...unheeded(world, asked, endings.at(-1)));
  return problems.map((text) => `world ${seed}, killed at ${JSON.stringify(when)}: ${text}`);
}

/** How a world stands at the end, for a comparison. */
export interface Rest {
  readonly exitCode: number | undefined;
  readonly left: string;
}

export const restOf = (world: World, endings: readonly Ending[]): Rest => ({
  exitCode: endings.at(-1)?.exitCode,
  left: leftovers(world).map(titleOf).sort().join(', '),
});

/** The teardown that nobody kills, how many points its journal passes, and how long it takes in world time. */
export async function undisturbed(
  seed: number,
  wishes: Wishes,
): Promise<{ readonly rest: Rest; readonly points: number; readonly wall: number }> {
  const world = await generateWorld(seed, { ...wishes, calm: true });
  const player = new Player(world);
  const first = endingOf(await player.run());
  const { points } = player;
  const wall = world.clock.monotonic();
  const endings = first.failure === undefined ? [first] : await insist(player, [first]);
  return { rest: restOf(world, endings), points, wall };
}

function note(problems: string[], problem: string | undefined): void {
  if (problem !== undefined) problems.push(problem);
}
