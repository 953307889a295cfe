import type { DurableEvent, ShownEvent } from '../../src/engine/events.ts';
import { expand } from '../../src/engine/graph.ts';
import type { RunResult } from '../../src/engine/run-options.ts';
import { readOnly } from '../../src/tools/read-only.ts';
import { teardown } from '../../src/steps/teardown/index.ts';
import { MemoryJournals } from '../helpers/memory-journal.ts';
import { SimulatedTools } from '../helpers/simulated-tools.ts';
import { SimulatedWorld } from '../helpers/simulated-world.ts';
import { portsOf } from './ports.ts';
import type { World } from './world.ts';

/** No teardown of a world takes longer than this, milliseconds of its own time: whoever does goes round in circles. */
const longest = 6 * 3_600_000;

/** The engine with the product's own teardown, on one world; a disk for journals that outlives each process. */
export class Player {
  readonly world: World;
  readonly disk: MemoryJournals;
  /** What was said, and when, in milliseconds of world time. */
  readonly events: { readonly at: number; readonly event: DurableEvent | ShownEvent }[] = [];
  #process = 0;
  #runs = 0;

  constructor(world: World, disk = new MemoryJournals()) {
    this.world = world;
    this.disk = disk;
  }

  /** One process, from its start to its end. */
  async run(): Promise<RunResult> {
    const result = await this.#start(undefined);
    if (result === undefined) throw new Error('the process was killed, and nobody wanted that');
    return result;
  }

  /** One process that is killed when a batch of records passes the n-th point (three for each batch); undefined: it was. */
  crash(at: number): Promise<RunResult | undefined> {
    return this.#start(at);
  }

  /** One process that is killed after so many milliseconds of world time, Terraform with it; undefined: it was. */
  kill(after: number): Promise<RunResult | undefined> {
    return this.#start(undefined, after);
  }

  /** How many points a process passed. */
  points = 0;

  async #start(killAt: number | undefined, after?: number): Promise<RunResult | undefined> {
    const { world } = this;
    this.#process += 1;
    this.#runs += 1;
    const name = `process ${this.#process}`;
    let alive = true;
    const simulated = new SimulatedWorld();
    const events = {
      push: (event: DurableEvent | ShownEvent) => this.events.push({ at: world.clock.monotonic(), event }),
    };
    Object.assign(simulated, {
      clock: world.clock,
      journals: this.disk,
      tools: new SimulatedTools(world.clock),
      events,
    });
    const ports = portsOf(world, name, () => alive);
    const { config } = world;
    const looking = readOnly(ports);
    simulated.contexts = {
      read: (scope) => ({ ...looking, ...scope, config }),
      write: (scope) => ({ ...ports, ...scope, config }),
    };
    const killed = Promise.withResolvers<undefined>();
    const die = (): void => {
      alive = false;
      this.disk.abandon();
      killed.resolve(undefined);
    };
    const spare = after === undefined ? () => undefined : world.clock.at(world.clock.monotonic() + after, die);
    this.points = 0;
    this.disk.fault = async () => {
      this.points += 1;
      if (killAt === undefined || this.points < killAt) return;
      die();
      await new Promise(() => undefined);
    };
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => undefined);
    const callOff = world.clock.at(world.clock.monotonic() + longest, () =>
      late.reject(new Error('the teardown did not end within six hours')),
    );
    try {
      const run = `run-${String(this.#runs).padStart(3, '0')}`;
      const started = simulated.start({ instances: expand(teardown, config), config, verb: 'destroy', run });
      return await world.clock.drive(Promise.race([started, killed.promise, late.promise]));
    } finally {
      alive = false;
      callOff();
      spare();
      this.disk.fault = async () => undefined;
    }
  }
}
