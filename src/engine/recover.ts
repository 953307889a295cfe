import type { Engine } from './engine.ts';
import type { StepRecord } from './fold.ts';
import type { LiveStep } from './live-step.ts';

/** Before a step in doubt is judged: waits for tools that still live, and lets the step settle what they left. Twice is harmless. */
export async function recover(engine: Engine, live: LiveStep, record: StepRecord, ctx: object, up: object): Promise<void> {
  await adoptTools(engine, live, record);
  if (live.controller.signal.aborted) throw new Error('cancelled while waiting for a tool of an earlier process');
  const { spec } = live.instance.step;
  if (spec.settle === undefined) return;
  engine.show({ type: 'step.note', step: live.instance.id, text: `settling what attempt ${record.attempts} left` });
  await spec.settle(ctx as never, up as never);
  const because = `attempt ${record.attempts} was cut off (${record.because})`;
  await engine.record({ type: 'step.settled', step: live.instance.id, attempt: record.attempts, because });
}

async function adoptTools(engine: Engine, live: LiveStep, record: StepRecord): Promise<void> {
  const step = live.instance.id;
  for (const tool of await engine.toolsOf(record.run, step, record.attempts)) {
    const { process } = tool;
    if (tool.exit === undefined) {
      engine.show({ type: 'step.note', step, text: `${process.tool} of attempt ${record.attempts} still works (pid ${process.pid}); waiting for it` });
    }
    const { code, signal } = tool.exit ?? (await engine.options.launcher.adopt(tool, live.controller.signal));
    if (live.controller.signal.aborted) return;
    await engine.record({ type: 'step.adopted', step, attempt: record.attempts, process, exitCode: code, signal });
  }
}
