import type { SpawnedProcess } from '../../src/engine/events.ts';
import type { Exit, Processes } from '../../src/tools/ports.ts';
import type { LaunchedTool, Launcher, PoliteSignal } from '../../src/tools/ports-launcher.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export interface ToolBehaviour {
  /** Milliseconds. */
  readonly duration: number;
  /** Called at the end, when it was not stopped: changes the world and gives the exit code. */
  finish(): number;
  /** What one SIGINT does (default: it ends at once with 1). */
  readonly onInterrupt?: 'ends' | 'ignores';
}

interface Tool {
  readonly process: SpawnedProcess;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  exit: { code: number | null; signal: string | null } | undefined;
  readonly ended: Promise<void>;
  end(code: number | null, signal: string | null): void;
  /** One polite signal. */
  ask(): void;
  readonly behaviour: ToolBehaviour;
}

/** Tools that go on when whoever started them is gone, as a launcher lets them. `argv[0]` names the behaviour. */
export class SimulatedTools {
  readonly behaviours = new Map<string, ToolBehaviour>();
  readonly started: Tool[] = [];
  readonly signals: { step: string; signal: PoliteSignal }[] = [];
  /** Looks at each start: where invariants are judged. */
  onStart: (step: string, attempt: number) => void = () => undefined;
  readonly #clock: SimulatedClock;
  #generation = 0;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  /** The process that uses the present launcher is dead: nothing answers it any more. */
  abandon(): void {
    this.#generation += 1;
  }

  living(): readonly Tool[] {
    return this.started.filter(({ exit }) => exit === undefined);
  }

  launcher(): Launcher {
    const generation = this.#generation;
    const unlessDead = async <T>(value: T): Promise<T> =>
      generation === this.#generation ? value : new Promise<T>(() => undefined);
    return {
      list: async (run) => {
        const found = this.started.filter((tool) => tool.run === run);
        return unlessDead(
          found.map((tool): LaunchedTool => {
            const { process, step, attempt, exit } = tool;
            return { process, run, step, attempt, ...(exit === undefined ? {} : { exit }) };
          }),
        );
      },
      adopt: async ({ process }, signal) => {
        const tool = this.started.find((each) => each.process.id === process.id) as Tool;
        const aborted = new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
        await Promise.race([tool.ended, aborted]);
        return unlessDead(exitOf(tool));
      },
      signal: async (step, signal) => {
        this.signals.push({ step, signal });
        for (const tool of this.living().filter((each) => each.step === step)) {
          if (signal === 'SIGKILL') tool.end(null, 'SIGKILL');
          else tool.ask();
        }
        return unlessDead(undefined);
      },
      processesFor: (attempt): Processes => ({
        run: async (command) => {
          const process = this.#process(command.argv[0] as string);
          await attempt.spawned(process);
          await unlessDead(undefined);
          const tool = this.#start(command.argv[0] as string, attempt, process);
          const hear = (): void => {
            if (tool.exit === undefined) this.signals.push({ step: tool.step, signal: 'SIGINT' });
            tool.ask();
          };
          command.signal?.addEventListener('abort', hear, { once: true });
          await tool.ended;
          return unlessDead(exitOf(tool));
        },
      }),
      close: async () => undefined,
    };
  }

  #process(tool: string): SpawnedProcess {
    const pid = this.started.length + 100;
    return {
      id: `${tool}-${pid}-${this.#generation}`,
      tool,
      pid,
      startTime: `${pid}`,
      bootId: 'boot',
      log: `${tool}.log`,
    };
  }

  #start(
    name: string,
    { run, step, attempt }: { run: string; step: string; attempt: number },
    process: SpawnedProcess,
  ): Tool {
    const behaviour = this.behaviours.get(name);
    if (behaviour === undefined) throw new Error(`no behaviour for ${name}`);
    this.onStart(step, attempt);
    const ended = Promise.withResolvers<void>();
    const tool: Tool = {
      process,
      run,
      step,
      attempt,
      behaviour,
      exit: undefined,
      ended: ended.promise,
      end: (code, signal) => {
        if (tool.exit !== undefined) return;
        tool.exit = { code, signal };
        ended.resolve();
      },
      ask: () => {
        if (behaviour.onInterrupt !== 'ignores') tool.end(1, null);
      },
    };
    this.started.push(tool);
    this.#clock.at(this.#clock.monotonic() + behaviour.duration, () => {
      if (tool.exit === undefined) tool.end(behaviour.finish(), null);
    });
    return tool;
  }
}

function exitOf({ exit }: Tool): Exit {
  return { code: exit?.code ?? null, signal: exit?.signal ?? null, tail: [], stdout: '', log: '' };
}
