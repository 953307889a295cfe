// `npm run worlds`: the teardown in seeded accounts, by the thousand. See docs/worlds.md.
//   npm run worlds                          10 000 worlds, on all cores
//   npm run worlds -- --count 500 --from 1  these
//   npm run worlds -- --seed 42 [--calm]    one, told as a story
//   npm run worlds -- --kill 42             one whole platform, killed at every record of its journal
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { killWorld, playWorld, undisturbed } from '../test/worlds/property.ts';
import { traceOf } from '../test/worlds/trace.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    kill: { type: 'string' },
    calm: { type: 'boolean', default: false },
    part: { type: 'boolean', default: false },
  },
});
const wishes = values.calm ? ({ calm: true } as const) : {};
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What one process found, as one line of JSON. */
interface Part {
  readonly broken: readonly string[];
  readonly endings: Readonly<Record<string, number>>;
  /** Calls on AWS for each thing of ours, of whole teardowns without errors. */
  readonly ratios: readonly number[];
}

if (values.seed !== undefined) {
  const outcome = await playWorld(Number(values.seed), wishes);
  for (const line of traceOf(outcome)) say(line);
  process.exitCode = outcome.problems.length === 0 ? 0 : 1;
} else if (values.kill !== undefined) {
  process.exitCode = (await killEverywhere(Number(values.kill))) === 0 ? 0 : 1;
} else if (values.part) {
  say(JSON.stringify(await playPart(Number(values.from), Number(values.count))));
} else {
  process.exitCode = await playAll(Number(values.from), Number(values.count));
}

async function playPart(from: number, count: number): Promise<Part> {
  const broken: string[] = [];
  const endings: Record<string, number> = {};
  const ratios: number[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await playWorld(seed, wishes);
    broken.push(...outcome.problems.map((problem) => `world ${seed}: ${problem}`));
    const [first, last] = [outcome.endings[0], outcome.endings.at(-1)];
    const ending = `${last?.exitCode}${last?.failure === undefined ? '' : ` ${last.step} ${last.failure.code}`}`;
    endings[ending] = (endings[ending] ?? 0) + 1;
    if (first?.exitCode === 0 && outcome.owned > 20) ratios.push(outcome.calls / outcome.owned);
  }
  return { broken, endings, ratios };
}

async function playAll(from: number, count: number): Promise<number> {
  const begun = performance.now();
  // Pieces, so that no core waits long for the slowest.
  const size = Math.min(250, Math.ceil(count / availableParallelism()));
  const pieces = Array.from({ length: Math.ceil(count / size) }, (_, index) => from + index * size);
  const parts: Part[] = [];
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let first = pieces.shift(); first !== undefined; first = pieces.shift()) {
        const part = await inProcess(first, Math.min(size, from + count - first));
        for (const line of part.broken) say(line);
        parts.push(part);
      }
    }),
  );
  const broken = parts.flatMap((part) => part.broken);
  const ratios = parts.flatMap((part) => part.ratios).sort((one, other) => one - other);
  const endings = new Map<string, number>();
  for (const part of parts)
    for (const [ending, times] of Object.entries(part.endings)) endings.set(ending, (endings.get(ending) ?? 0) + times);
  const quantile = (share: number): string => (ratios[Math.floor((ratios.length - 1) * share)] ?? 0).toFixed(1);
  say(`${count} worlds in ${((performance.now() - begun) / 1000).toFixed(0)} s; promises broken: ${broken.length}`);
  for (const [ending, times] of [...endings].sort((one, other) => other[1] - one[1]))
    say(`  ${times} ended with ${ending}`);
  say(
    `listings and deletions for each thing of ours: median ${quantile(0.5)}, nine of ten below ${quantile(0.9)}, most ${quantile(1)}`,
  );
  return broken.length === 0 ? 0 : 1;
}

function inProcess(from: number, count: number): Promise<Part> {
  const script = new URL(import.meta.url).pathname;
  const args = [script, '--part', '--from', String(from), '--count', String(count), ...(values.calm ? ['--calm'] : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as Part);
      else reject(new Error(`worlds from ${from}: exit ${code}`));
    });
  });
}

async function killEverywhere(seed: number): Promise<number> {
  const whole = { whole: true, ...(values.calm ? { decoys: [] } : {}) } as const;
  const { rest, points } = await undisturbed(seed, whole);
  say(`world ${seed} ends with ${rest.exitCode}; left: ${rest.left === '' ? 'nothing' : rest.left}`);
  let broken = 0;
  for (let point = 1; point <= points; point++)
    for (const line of await killWorld(seed, { point }, whole, rest)) {
      broken += 1;
      say(line);
    }
  say(`killed at ${points} points of its journal; promises broken: ${broken}`);
  return broken;
}
