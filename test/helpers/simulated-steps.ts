import { expand, type Instance } from '../../src/engine/graph.ts';
import { stepsFor } from '../../src/engine/step.ts';
import type { Json, Kit, Retry, Step, StepSpec } from '../../src/engine/types.ts';
import type { Processes } from '../../src/tools/ports.ts';
import type { SimulatedTools } from './simulated-tools.ts';
import { failing, type SimulatedWorld } from './simulated-world.ts';

/** The kit of simulated steps: they look at tools' traces and start tools. */
export interface SimulatedKit extends Kit {
  readonly config: { readonly version?: number };
  readonly read: { readonly tools: SimulatedTools };
  readonly write: { readonly tools: SimulatedTools; readonly processes: Processes };
}

export const { step, stepWhen, stepForEach } = stepsFor<SimulatedKit>();

export interface SimulatedStep {
  readonly id: string;
  readonly needs?: readonly string[];
  /** Milliseconds of its tool (default 1000). */
  readonly duration?: number;
  /** Milliseconds after its tool until it is ready; absent: it has no probe. */
  readonly readyAfter?: number;
  /** How its first tries fail. */
  readonly failures?: readonly ('permanent' | 'transient' | 'throttled')[];
  readonly retry?: Retry;
  readonly locks?: readonly string[];
  /** What its tool does to the world beside its own trace. */
  effect?(): void;
  readonly onInterrupt?: 'ends' | 'ignores';
  readonly spec?: Partial<
    Pick<
      StepSpec<SimulatedKit, Json, never>,
      'onCancel' | 'repeat' | 'timeout' | 'noProgressFor' | 'settle' | 'closesEpoch'
    >
  >;
}

/** What exists: step -> how often its tool made it, and when last. */
export class Traces {
  readonly made = new Map<string, { times: number; at: number; output: string }>();
}

/** Steps that each run one tool, which leaves a trace that their check finds. */
export function simulatedSteps(
  world: SimulatedWorld,
  steps: readonly SimulatedStep[],
  traces = new Traces(),
): { instances: readonly Instance[]; traces: Traces } {
  const made = new Map<string, Step<Json>>();
  for (const one of steps) {
    const needs = Object.fromEntries((one.needs ?? []).map((need) => [need, made.get(need) as Step<Json>]));
    made.set(one.id, simulatedStep(world, one, needs, traces));
  }
  return { instances: expand([...made.values()], {}), traces };
}

function simulatedStep(
  world: SimulatedWorld,
  one: SimulatedStep,
  needs: Record<string, Step<Json>>,
  traces: Traces,
): Step<Json> {
  const { id } = one;
  const failures = [...(one.failures ?? [])];
  const outputFor = (up: object): string => `${id}(${Object.values(up).join(',')})`;
  return step<Json, Record<string, Step<Json>>>({
    id,
    title: id,
    needs,
    inputs: (config, up) => ({ version: config.version ?? 0, up: Object.values(up) }),
    check: async (_, up) => {
      const trace = traces.made.get(id);
      return trace?.output === outputFor(up)
        ? { state: 'satisfied', output: trace.output, because: `${id} exists` }
        : { state: 'needed', because: `${id} does not exist` };
    },
    apply: async (ctx, up) => {
      const output = outputFor(up);
      const failure = failures.shift();
      world.tools.behaviours.set(id, {
        duration: one.duration ?? 1000,
        ...(one.onInterrupt === undefined ? {} : { onInterrupt: one.onInterrupt }),
        finish: () => {
          if (failure !== undefined) return 1;
          one.effect?.();
          traces.made.set(id, { times: (traces.made.get(id)?.times ?? 0) + 1, at: world.clock.monotonic(), output });
          return 0;
        },
      });
      const exit = await ctx.processes.run({ tool: id, argv: [id], cwd: '', env: {}, signal: ctx.signal });
      if (exit.code !== 0) throw failing(failure ?? 'permanent', ctx);
      return output;
    },
    ...(one.readyAfter === undefined ? {} : { ready: [probe(world, one, traces)] }),
    ...(one.retry === undefined ? {} : { retry: one.retry }),
    locks: () => one.locks ?? [],
    repeat: 'safe',
    onCancel: 'drain',
    timeout: 3_600_000,
    ...(one.spec as object),
  });
}

function probe(world: SimulatedWorld, { id, readyAfter = 0 }: SimulatedStep, traces: Traces) {
  return {
    name: 'up',
    every: 5000,
    within: 600_000,
    test: async () => {
      const left = (traces.made.get(id)?.at ?? Number.POSITIVE_INFINITY) + readyAfter - world.clock.monotonic();
      return left <= 0 ? ({ is: 'ready' } as const) : ({ is: 'waiting', because: 'not yet up' } as const);
    },
  };
}
