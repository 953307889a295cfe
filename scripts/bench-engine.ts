/**
 * Measures the engine on this machine's disk: overhead of a step that does nothing, with every record synced, and the
 * resume of a long journal. Usage: node scripts/bench-engine.ts [steps]. Prints one line of JSON a figure.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { foldJournals } from '../src/engine/fold.ts';
import { expand } from '../src/engine/graph.ts';
import { openJournal, readJournals } from '../src/engine/journal.ts';
import { makePlan } from '../src/engine/plan-run.ts';
import { executePlan } from '../src/engine/run.ts';
import { stepsFor } from '../src/engine/step.ts';
import type { Step } from '../src/engine/types.ts';
import { systemClock, systemRandomness } from '../src/tools/clock.ts';
import { journalFolder } from '../src/tools/line-files.ts';
import type { JournalFolder } from '../src/tools/ports-engine.ts';
import { systemProcessTable } from '../src/tools/process-table.ts';

const { step } = stepsFor<{ config: object; read: object; write: object }>();
const launcher = {
  list: async () => [],
  adopt: () => Promise.reject(new Error('nothing to adopt')),
  signal: async () => undefined,
  processesFor: () => ({ run: () => Promise.reject(new Error('nothing to run')) }),
  close: async () => undefined,
};

function list(count: number, width: number): readonly Step<unknown>[] {
  const steps: Step<null>[] = [];
  for (let index = 0; index < count; index++) {
    const needs: Record<string, Step<null>> = {};
    const above = steps[index - width];
    if (above !== undefined) needs['above'] = above;
    steps.push(
      step({
        id: `step-${index}`,
        title: 'No-op',
        needs,
        inputs: () => null,
        check: async () => ({ state: 'needed', because: 'always' }),
        apply: async () => null,
        repeat: 'safe',
        onCancel: 'drain',
        timeout: 60_000,
      }),
    );
  }
  return steps;
}

async function runOnce(
  folder: JournalFolder,
  count: number,
  parallel: number,
): Promise<{ planned: number; ran: number; exitCode: number }> {
  const common = {
    verb: 'up',
    environment: 'bench',
    instances: expand(list(count, parallel), {}),
    config: {},
    contexts: { read: (scope: object) => scope, write: (scope: object) => scope },
    selection: {},
    emit: () => undefined,
  };
  const journal = await openJournal(folder, 'bench', systemClock);
  const start = systemClock.monotonic();
  const plan = await makePlan({ ...common, state: journal.state, signal: new AbortController().signal });
  const planned = systemClock.monotonic();
  const { exitCode } = await executePlan({
    ...common,
    plan,
    journal,
    launcher,
    clock: systemClock,
    random: systemRandomness,
    host: await systemProcessTable(process.pid, process.platform).facts(),
    version: 'bench',
    parallel,
    failFast: false,
    signals: { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) },
  });
  await journal.close();
  return { planned: planned - start, ran: systemClock.monotonic() - planned, exitCode };
}

function say(figure: object): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

/** Processor time of this process, milliseconds: what a busy machine does not change. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What one synced record costs on this disk at this moment, without the engine: the floor of one step is two of them. */
async function syncFloor(folder: JournalFolder, rounds: number): Promise<number> {
  const file = await folder.file('floor').open();
  const start = systemClock.monotonic();
  for (let round = 0; round < rounds; round++) {
    await file.append(`${'x'.repeat(300)}\n`);
    await file.sync();
  }
  const took = systemClock.monotonic() - start;
  await file.close();
  return took / rounds;
}

const count = Number(process.argv[2] ?? 2000);
const root = await mkdtemp(join(tmpdir(), 'platform-bench-'));
try {
  for (const parallel of [1, 8, 64]) {
    const folder = journalFolder(join(root, `parallel-${parallel}`));
    const floor = await syncFloor(folder, 300);
    const before = processorTime();
    const { planned, ran, exitCode } = await runOnce(folder, count, parallel);
    const cpuMsPerStep = Number(((processorTime() - before) / count).toFixed(4));
    const bytes = (await folder.file('bench').read()).length;
    say({
      measured: 'run',
      steps: count,
      parallel,
      planMs: Math.round(planned),
      msPerStep: Number((ran / count).toFixed(4)),
      cpuMsPerStep,
      syncMs: Number(floor.toFixed(4)),
      bytesPerStep: Math.round(bytes / count),
      exitCode,
    });
  }
  const folder = journalFolder(join(root, 'long'));
  const long = 33_000;
  await runOnce(folder, long, 64);
  const start = systemClock.monotonic();
  const texts = await readJournals(folder);
  const read = systemClock.monotonic();
  const before = processorTime();
  const state = foldJournals(texts);
  const folded = systemClock.monotonic();
  say({
    measured: 'resume',
    records: state.lastSequence,
    readMs: Math.round(read - start),
    foldMs: Math.round(folded - read),
    foldCpuMs: Math.round(processorTime() - before),
    steps: state.steps.size,
    rssMB: Math.round(process.memoryUsage().rss / 1e6),
  });
} finally {
  await rm(root, { recursive: true, force: true });
}
