import { PlatformError } from '../errors.ts';
import { epochEnd, type LiveStep } from './live-step.ts';
import type { Run } from './run.ts';
import type { Command, ScheduleEvent } from './schedule-messages.ts';

/** Refuses what must not begin, then puts the beginning on disk: run, plan, and what is to be forgotten. */
export async function openRun({ options, engine }: Run): Promise<void> {
  const { plan, journal, instances, host, version } = options;
  if (plan.journal !== journal.state.lastSequence) {
    throw new PlatformError('PLAN_STALE', {
      message: 'the journal went on after the plan was made',
      next: ['type the same command again'],
    });
  }
  const asked = plan.rows.filter(({ action }) => action === 'ask');
  if (asked.length > 0) {
    throw new PlatformError('IN_DOUBT', {
      message: asked.map(({ step, because }) => `${step}: ${because}`).join('; '),
      next: asked.map(({ step }) => `look at what is there, then allow it: --again ${step}`),
      facts: { steps: asked.map(({ step }) => step).join(',') },
    });
  }
  const before = journal.state.runs.find(({ run }) => run === journal.run);
  const { verb, environment, config } = plan;
  const steps = instances.map(({ id, title, needIds }) => ({ id, title, needs: needIds }));
  const begun =
    before === undefined
      ? engine.record({ type: 'run.created', verb, environment, version, config, steps })
      : engine.record({
          type: 'run.resumed',
          pid: host.pid,
          startTime: host.startTime,
          bootId: host.bootId,
          host: host.host,
          because: before.ended === undefined ? 'its process ended in the middle' : `it was ${before.ended.ending}`,
          repairedBytes: journal.repairedBytes,
        });
  await Promise.all([
    begun,
    engine.record({ type: 'plan.fixed', digest: plan.digest, rows: plan.rows }),
    ...engine.selected.forgotten.map((step) =>
      engine.record({ type: 'step.forgotten', step, because: 'asked for by --forget' }),
    ),
  ]);
}

/** Records the rows that need no work: the kept ones in order, so that any prefix of the journal holds, and what is left out. */
export async function settlePlan(
  { options, engine, lives }: Run,
  { kept, skipped }: Extract<Command, { type: 'settle-plan' }>,
): Promise<ScheduleEvent> {
  const rows = new Map(options.plan.rows.map((row) => [row.step, row]));
  await Promise.all([
    ...kept.map((step) => {
      const { output, inputs } = options.plan.found.get(step) as { output: never; inputs: string };
      const { attempt } = lives.get(step) as LiveStep;
      const because = rows.get(step)?.because ?? '';
      const epoch = epochEnd((lives.get(step) as LiveStep).instance);
      const found = { output, inputs, kept: true, because, work: 0, wait: 0, ...epoch };
      return engine.record({ type: 'step.done', step, attempt, ...found });
    }),
    ...skipped.map((step) => {
      const because = rows.get(step)?.because ?? 'not in the plan';
      return engine.record({ type: 'step.skipped', step, because, blockedBy: [] });
    }),
  ]);
  return { type: 'plan-settled' };
}
