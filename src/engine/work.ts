import { PlatformError } from '../errors.ts';
import type { Command as ToolCommand, Processes } from '../tools/ports.ts';
import { bounded } from './bounded.ts';
import type { Engine } from './engine.ts';
import type { Failure } from './events.ts';
import { failureOf } from './failure.ts';
import { fingerprint } from './fingerprint.ts';
import type { StepRecord } from './fold.ts';
import { upstreamOf } from './graph.ts';
import { epochEnd, type LiveStep, scopeOf } from './live-step.ts';
import { type Decision, decide, decideUnseen, isInDoubt } from './plan.ts';
import { settle } from './recover.ts';
import { delayBeforeRetry } from './retry.ts';
import type { ScheduleEvent } from './schedule-messages.ts';
import type { Json } from './types.ts';
import { writeContext } from './write-context.ts';

/** One try of a step, from doubt to its output on disk; tells the scheduler how it went. Never rejects. */
export async function work(engine: Engine, live: LiveStep): Promise<ScheduleEvent> {
  const { clock } = engine.options;
  const { id } = live.instance;
  live.tries += 1;
  live.startedAt = clock.monotonic();
  live.lastProgress = live.startedAt;
  let worked = false;
  const ended = (): number => Math.round(clock.monotonic() - live.startedAt);
  try {
    const decision = await judge(engine, live);
    live.because = decision.because;
    if (decision.action === 'ask') throw inDoubt(id, decision.because);
    if (decision.action === 'run') {
      worked = true;
      live.output = await apply(engine, live, decision.because);
      live.work = ended();
      live.kept = false;
    } else {
      live.output = decision.output;
      live.kept = decision.action === 'keep';
      live.work = decision.action === 'probe' ? (live.record?.work ?? 0) : 0;
    }
    if (live.over) return { type: 'left', step: id };
    return await applied(engine, live, worked, decision.unproven === true || decision.action !== 'keep');
  } catch (error) {
    live.work = ended();
    return failed(engine, live, error, worked);
  }
}

async function judge(engine: Engine, live: LiveStep): Promise<Decision> {
  const { config, contexts } = engine.options;
  const { instance } = live;
  const { spec } = instance.step;
  const up = upstreamOf(instance, (need) => engine.outputs.get(need));
  live.inputs = fingerprint(spec.inputs(config, up as never, instance.key));
  const { record } = live;
  if (record !== undefined && isInDoubt(record) && !live.settled) {
    await bounded(engine, live, () => settle(engine, live, record, contextFor(engine, live, record.attempts), up));
    live.settled = true;
  }
  const evidence = {
    record,
    inputs: live.inputs,
    repeat: spec.repeat,
    mayRepeat: engine.selected.mayRepeat(instance.id),
  };
  const unseen = decideUnseen(evidence);
  if (unseen?.action === 'probe') return unseen;
  engine.show({ type: 'step.checking', step: instance.id });
  const ctx = contexts.read(scopeOf(live, engine.options.journal.run, engine.options.clock, note(engine, live)));
  return decide(evidence, await bounded(engine, live, () => spec.check(ctx, up as never)));
}

async function apply(engine: Engine, live: LiveStep, because: string): Promise<Json> {
  const { instance } = live;
  if (live.controller.signal.aborted)
    throw new PlatformError('INTERRUPTED', {
      message: 'cancelled before it began',
      next: ['type the same command again: it goes on'],
    });
  live.attempt += 1;
  await engine.record({ type: 'step.intent', step: instance.id, attempt: live.attempt, inputs: live.inputs, because });
  const up = upstreamOf(instance, (need) => engine.outputs.get(need));
  return bounded(engine, live, () => instance.step.spec.apply(contextFor(engine, live, live.attempt), up as never));
}

/** Applied and, where nothing is left to prove, done: both records in one go. */
async function applied(engine: Engine, live: LiveStep, worked: boolean, toProve: boolean): Promise<ScheduleEvent> {
  const { id, step } = live.instance;
  const probes = toProve && (step.spec.ready?.length ?? 0) > 0;
  const output = live.output as Json;
  const { attempt, work: took } = live;
  const first = worked ? engine.record({ type: 'step.applied', step: id, attempt, output, work: took }) : undefined;
  const second = probes ? undefined : recordDone(engine, live);
  await Promise.all([first, second]);
  return { type: probes ? 'applied' : 'done', step: id };
}

/** The output is known to dependants once it is on disk. */
export async function recordDone(engine: Engine, live: LiveStep): Promise<void> {
  const { attempt, inputs, kept, because, work: took, wait } = live;
  const step = live.instance.id;
  const output = live.output as Json;
  const epoch = epochEnd(live.instance);
  await engine.record({
    type: 'step.done',
    step,
    attempt,
    output,
    inputs,
    kept,
    because,
    work: took,
    wait,
    ...epoch,
  });
  if (epoch.epoch !== undefined) engine.forgetEpoch();
  engine.outputs.set(step, output);
}

/** What becomes of a step whose call threw. A cut is only an interruption where the step was at work. */
export async function failed(engine: Engine, live: LiveStep, error: unknown, worked: boolean): Promise<ScheduleEvent> {
  const step = live.instance.id;
  if (live.over) return { type: 'left', step };
  try {
    if (live.cut !== undefined) {
      if (!worked) return { type: 'left', step };
      await engine.record({ type: 'step.interrupted', step, attempt: live.attempt, because: `cancelled: ${live.cut}` });
      return { type: 'interrupted', step };
    }
    const failure = withDoubt(failureOf(error), live, worked);
    live.failure = failure;
    const { random } = engine.options;
    const delay = delayBeforeRetry(failure, live.tries, live.instance.step.spec.retry, () => random.next());
    if (delay === undefined) return await recordFailed(engine, live);
    engine.show({ type: 'step.retrying', step, attempt: live.attempt, delay, failure });
    if (worked) live.record = failedRecord(engine, live, failure);
    live.controller = new AbortController();
    return { type: 'retry', step, delay };
  } catch {
    return { type: 'left', step };
  }
}

/** The last failure of a step on disk. */
export async function recordFailed(engine: Engine, live: LiveStep): Promise<ScheduleEvent> {
  const { attempt, failure, work: took, wait } = live;
  const step = live.instance.id;
  if (failure !== undefined) await engine.record({ type: 'step.failed', step, attempt, failure, work: took, wait });
  return { type: 'failed', step };
}

/** Looking that fails takes no doubt away from a step, and brings none. */
function withDoubt(failure: Failure, { record }: LiveStep, worked: boolean): Failure {
  const { interrupted, ...facts } = failure.facts;
  const doubtful = worked ? interrupted === true : record !== undefined && isInDoubt(record);
  return { ...failure, facts: doubtful ? { ...facts, interrupted: true } : facts };
}

/** From here on the attempt counts as failed: what it achieved is found by looking. */
function failedRecord({ options }: Engine, live: LiveStep, failure: Failure): StepRecord {
  const { attempt: attempts, inputs, instance } = live;
  const base = { id: instance.id, run: options.journal.run, state: 'failed', work: 0, wait: 0, processes: [] } as const;
  return { ...base, attempts, inputs, failure, because: failure.message, at: options.clock.now() };
}

function contextFor(engine: Engine, live: LiveStep, attempt: number): never {
  const { contexts, launcher, journal, clock } = engine.options;
  const scope = { ...scopeOf(live, journal.run, clock, note(engine, live)), attempt };
  const record: Engine['record'] = (event) => engine.record(event);
  return writeContext({ contexts, launcher, record }, scope, (processes) => countingLines(processes, live, engine));
}

/** Each line that a tool prints counts as progress. */
function countingLines(processes: Processes, live: LiveStep, engine: Engine): Processes {
  const onLine = (command: ToolCommand) => (line: string, stream: 'stdout' | 'stderr') => {
    live.lastProgress = engine.options.clock.monotonic();
    command.onLine?.(line, stream);
  };
  return { run: (command) => processes.run({ ...command, onLine: onLine(command) }) };
}

function note(engine: Engine, live: LiveStep): (text: string) => void {
  return (text) => engine.show({ type: 'step.note', step: live.instance.id, text });
}

function inDoubt(step: string, because: string): PlatformError {
  return new PlatformError('IN_DOUBT', {
    message: because,
    next: [`look at what is there, then allow it: --again ${step}`],
    facts: { step },
  });
}
