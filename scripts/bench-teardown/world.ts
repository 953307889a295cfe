import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformEvent } from '../../src/engine/events.ts';
import { wholePlatform } from '../../test/e2e/support/platforms.ts';
import { makeProject, type Project } from '../../test/e2e/support/project.ts';

export interface AwsThing {
  readonly kind: string;
  readonly id: string;
  readonly vpc?: string;
  readonly own?: boolean;
  readonly default: boolean;
}

export interface AwsCall {
  readonly n: number;
  /** Seconds since the epoch. */
  readonly t: number;
  readonly service: string;
  readonly action: string;
  readonly status: number;
  readonly agent: string;
}

/** Seconds that the local AWS takes for what AWS takes time for. */
export interface Delays {
  readonly shutdown: number;
  readonly interfaces: number;
}

/** A whole platform in a sandbox of its own, and the far side to look at. */
export interface World {
  readonly project: Project;
  readonly endpoint: string;
  readonly clusterId: string;
  /** What was there before `up`. */
  readonly before: ReadonlySet<string>;
  /** What `up` has made in AWS, the state bucket included. */
  readonly made: ReadonlySet<string>;
  everything(): Promise<readonly AwsThing[]>;
  setDelays(delays: Delays): Promise<void>;
  /** The calls since the one with this number. */
  callsSince(number: number): readonly AwsCall[];
  latestCall(): number;
  remove(): Promise<void>;
}

const keyOf = ({ kind, id }: AwsThing): string => `${kind} ${id}`;

/** Builds it: 70 to 120 s on two cores. The sandbox ends with this process, however that ends; the folder is removed by the next bench at the latest. */
export async function buildWorld(say: (text: string) => void, begun: (project: Project) => void): Promise<World> {
  const project = makeProject(wholePlatform);
  begun(project);
  try {
    say('building a whole platform in a sandbox');
    await succeed(project, ['sandbox', 'up']);
    const { endpoint } = project.sandbox();
    const everything = (): Promise<readonly AwsThing[]> => snapshot(endpoint);
    const before = new Set((await everything()).map(keyOf));
    // What fails on a busy machine is gone on with, as a person would.
    const first = await project.platform(['up', '--yes', '--json']);
    if (first.code !== 0) await succeed(project, ['up', '--yes', '--json']);
    const status = await project.platform(['status', '--json']);
    const { clusterId } = JSON.parse(status.stdout) as { clusterId: string };
    const journal = join(project.stateFolder, 'sandbox', 'logs', 'aws-calls.ndjson');
    const calls = (): readonly AwsCall[] =>
      readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AwsCall);
    return {
      project,
      endpoint,
      clusterId,
      before,
      made: new Set((await everything()).map(keyOf).filter((key) => !before.has(key))),
      everything,
      setDelays: async (delays) => {
        const body = JSON.stringify(delays);
        await fetch(`${endpoint}/_sandbox/delays`, { method: 'POST', body });
      },
      callsSince: (number) => calls().filter(({ n }) => n > number),
      latestCall: () => calls().at(-1)?.n ?? 0,
      remove: () => project.remove(),
    };
  } catch (error) {
    await project.remove();
    throw error;
  }
}

async function succeed(project: Project, words: readonly string[]): Promise<readonly PlatformEvent[]> {
  const { code, stderr, events } = await project.platform(words);
  if (code !== 0) throw new Error(`platform ${words.join(' ')} ended with ${code}:\n${stderr.slice(-2000)}`);
  return events;
}

async function snapshot(endpoint: string): Promise<readonly AwsThing[]> {
  const response = await fetch(`${endpoint}/_sandbox/snapshot`);
  return ((await response.json()) as { resources: readonly AwsThing[] }).resources.filter((one) => !one.default);
}

export async function keysOf(world: World): Promise<ReadonlySet<string>> {
  return new Set((await world.everything()).map(keyOf));
}
