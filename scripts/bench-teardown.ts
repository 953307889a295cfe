/**
 * Measures a teardown of a whole platform in the sandbox: the local AWS with its delays, the real Terraform, the real Kubernetes API. Usage:
 * npm run bench:teardown -- [--scale 1] [--decoys 1000] [--only path,decoys,old,old-kubernetes]. Prints a readable table on stderr and one line of
 * JSON a figure on stdout; what each figure means stands in docs/benches.md. Needs a build (`npm run build`) and 15 to 25 minutes.
 */
import { availableParallelism, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { makeDecoys } from './bench-teardown/decoys.ts';
import { criticalPath, describeTeardown, type Teardown } from './bench-teardown/figures.ts';
import { type OldRun, replayOldOrder, stopOldOrder } from './bench-teardown/old-order.ts';
import { buildWorld, keysOf, type World } from './bench-teardown/world.ts';

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    decoys: { type: 'string', default: '1000' },
    only: { type: 'string', default: 'path,decoys,old,old-kubernetes' },
  },
});
const scale = Number(values.scale);
const parts = new Set(values.only.split(','));
/** What AWS takes over a shutdown, and over the interfaces of a load balancer after it. */
const delays = { shutdown: 30 * scale, interfaces: 60 * scale };
/** So many stand in every world, so that harm can be seen. */
const few = 25;

const note = (text: string): void => void process.stderr.write(`${text}\n`);
const seconds = (milliseconds: number): number => Number((milliseconds / 1000).toFixed(1));
const ratio = (one: number, other: number): number => Number((one / other).toFixed(2));
const lines: (readonly [figure: string, value: string, target: string])[] = [];

function say(measured: string, figure: Readonly<Record<string, unknown>>): void {
  const machine = { cores: availableParallelism(), load: Number((loadavg()[0] ?? 0).toFixed(1)) };
  process.stdout.write(`${JSON.stringify({ measured, ...figure, machine })}\n`);
}

/** What a signal removes. */
let current: { remove(): Promise<void> } | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    note(`stopped by ${signal}: removing the sandbox`);
    stopOldOrder();
    void (current?.remove() ?? Promise.resolve()).finally(() => process.exit(130));
  });

/** A world with decoys and delays; whatever happens in it, it is removed. */
async function inWorld<T>(
  count: number,
  work: (world: World, decoys: ReadonlySet<string>, lookRatio: number) => Promise<T>,
): Promise<T> {
  const world = await buildWorld(note, (project) => (current = project));
  try {
    const alone = count > few ? await timeOfLook(world) : 1;
    const decoys = await makeDecoys(world, count);
    const looks = count > few ? ratio(await timeOfLook(world), alone) : 1;
    await world.setDelays(delays);
    note(`a world is built, ${world.made.size} things of ours and ${decoys.size} of others in it`);
    return await work(world, decoys, looks);
  } finally {
    await world.remove();
    current = undefined;
  }
}

interface Ours extends Teardown {
  /** How much longer one look at everything (`plan destroy --cleanup`) takes with the decoys than before them: in one world, a minute apart. */
  readonly lookRatio: number;
  readonly harmed: number;
  readonly left: readonly string[];
}

/** The median of five. */
async function timeOfLook({ project }: World): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    await project.platform(['plan', 'destroy', '--cleanup', '--json']);
    times.push(performance.now() - start);
  }
  return times.toSorted((one, other) => one - other)[2] ?? Number.NaN;
}

async function measureOurs(count: number): Promise<Ours> {
  return inWorld(count, async (world, decoys, lookRatio) => {
    note('platform destroy --cleanup --yes');
    const before = world.latestCall();
    const [started, start] = [Date.now(), performance.now()];
    const run = await world.project.platform(['destroy', '--cleanup', '--yes', '--json']);
    const wall = performance.now() - start;
    if (run.code !== 0) note(run.stderr.slice(-2000));
    const teardown = describeTeardown({ ...run, wall, started }, world.callsSince(before), delays);
    return { ...teardown, lookRatio, ...(await outcome(world, decoys)) };
  });
}

async function outcome(world: World, decoys: ReadonlySet<string>): Promise<Pick<Ours, 'harmed' | 'left'>> {
  const there = await keysOf(world);
  return {
    harmed: [...decoys].filter((key) => !there.has(key)).length,
    // What a controller made again meanwhile is left too. The bucket of the states is made to stay.
    left: [...there].filter((key) => !decoys.has(key) && !world.before.has(key) && !/^bucket .*state/.test(key)),
  };
}

async function measureOld(kubernetes: 'answers' | 'does not answer'): Promise<OldRun & Pick<Ours, 'harmed' | 'left'>> {
  return inWorld(few, async (world, decoys) => {
    note(`the old script's order, Kubernetes ${kubernetes}`);
    const run = await replayOldOrder(world, { scale, kubernetes });
    return { ...run, ...(await outcome(world, decoys)) };
  });
}

function tellPath(run: Ours): void {
  const least = criticalPath(delays);
  say('critical path', {
    scale,
    delays,
    criticalPathS: seconds(least),
    wallS: seconds(run.wall),
    ratio: ratio(run.wall, least),
    sweepS: seconds(run.sweep),
    sweepRatio: ratio(run.sweep, least),
    lateS: seconds(run.late),
    beforeS: seconds(run.before),
    stepsS: Object.fromEntries(Object.entries(run.steps).map(([step, work]) => [step, seconds(work)])),
    exitCode: run.exitCode,
    harmed: run.harmed,
    left: run.left,
  });
  lines.push(['wall / critical path of the delays', `${ratio(run.wall, least)}`, '<= 1.1']);
  lines.push(['  sweep alone', `${ratio(run.sweep, least)}`, '<= 1.1']);
  lines.push(['  wall, of it before the run', `${seconds(run.wall)} s, ${seconds(run.before)} s`, '']);
  for (const [step, work] of Object.entries(run.steps)) lines.push([`  ${step}`, `${seconds(work)} s`, '']);
  const { ours, terraform, controllers, phases, most } = run.calls;
  const each = (count: number): number => ratio(count, run.owned);
  say('calls', {
    owned: run.owned,
    ours,
    terraform,
    controllers,
    perResource: each(ours + terraform),
    oursPerResource: each(ours),
    phases,
    most: Object.fromEntries(most),
  });
  lines.push([
    'calls per owned resource',
    `${each(ours + terraform)} (ours ${each(ours)}, Terraform ${each(terraform)}; ${run.owned} owned)`,
    '<= 6',
  ]);
  for (const [phase, count] of Object.entries(phases)) lines.push([`  ${phase}`, `${count} calls`, '']);
}

function tellOld(name: string, old: OldRun & Pick<Ours, 'harmed' | 'left'>, ours: Ours | undefined): void {
  say(`old order, ${name}`, {
    scale,
    wallS: seconds(old.wall),
    sleptS: seconds(old.slept),
    terraformS: seconds(old.terraform),
    exitCode: old.exitCode,
    error: old.error,
    harmed: old.harmed,
    left: old.left,
    ...(ours && { timesOurs: ratio(old.wall, ours.wall) }),
  });
  const times = ours === undefined ? '' : `${ratio(old.wall, ours.wall)} times ours, `;
  lines.push([
    `old order, ${name}`,
    `${times}${seconds(old.wall)} s, exit ${old.exitCode}, ${old.left.length} left, ${old.harmed} of others deleted`,
    '>= 4 times',
  ]);
}

const ours = parts.has('path') || parts.has('decoys') ? await measureOurs(few) : undefined;
if (ours !== undefined) tellPath(ours);
if (parts.has('decoys') && ours !== undefined) {
  const crowded = await measureOurs(Number(values.decoys));
  const more = Math.round((crowded.wall / ours.wall - 1) * 100);
  say('decoys', {
    decoys: Number(values.decoys),
    wallS: seconds(crowded.wall),
    wallWithoutS: seconds(ours.wall),
    morePercent: more,
    lookRatio: crowded.lookRatio,
    calls: crowded.calls.ours + crowded.calls.terraform,
    exitCode: crowded.exitCode,
    harmed: crowded.harmed,
    left: crowded.left,
    stepsS: Object.fromEntries(Object.entries(crowded.steps).map(([step, work]) => [step, seconds(work)])),
  });
  lines.push([
    `${values.decoys} decoys add`,
    `${more} % of wall (${seconds(crowded.wall)} s); one look takes ${crowded.lookRatio} times as long`,
    '< 20 %',
  ]);
}
if (parts.has('old')) tellOld('Kubernetes not reached', await measureOld('does not answer'), ours);
if (parts.has('old-kubernetes')) tellOld('Kubernetes reached', await measureOld('answers'), ours);
const width = Math.max(...lines.map(([figure]) => figure.length));
for (const [figure, value, target] of lines)
  note(`${figure.padEnd(width)}  ${value}${target === '' ? '' : `   (target ${target})`}`);
