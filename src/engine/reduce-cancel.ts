import { type CancelLevel, holdsSlot, type Node, type Schedule } from './schedule.ts';
import type { Command } from './schedule-messages.ts';

/**
 * Raises the cancellation to a level, never lowers it. Probing is only looking and is aborted at once; what works is
 * asked by its own policy first, interrupted once at level 2, killed at level 3.
 */
export function cancelTo(schedule: Schedule, level: CancelLevel, commands: Command[]): void {
  if (level <= schedule.cancel) return;
  schedule.cancel = level;
  stop(schedule, 'cancelled', commands);
  const working = schedule.nodes.filter(({ phase }) => holdsSlot(phase));
  const awaited = working.map((node) => {
    const policy = level === 1 ? node.task.onCancel : level === 2 ? 'interrupt' : 'kill';
    if (policy === 'interrupt') interruptOnce(node, commands);
    else if (policy !== 'drain') commands.push({ type: policy, step: node.task.id });
    return { step: node.task.id, policy };
  });
  commands.push({ type: 'announce-cancel', awaited });
}

/** Starts nothing new. The first reason stays, but for a lost journal, which is the worst. */
export function stop(schedule: Schedule, why: NonNullable<Schedule['stopped']>, commands: Command[]): void {
  if (schedule.stopped === why || schedule.stopped === 'journal-lost') return;
  if (schedule.stopped !== 'cancelled' || why === 'journal-lost') schedule.stopped = why;
  for (const { phase, task } of schedule.nodes) {
    if (phase === 'backing-off') commands.push({ type: 'give-up', step: task.id });
    if (phase === 'probing' && why !== 'fail-fast') commands.push({ type: 'abort', step: task.id });
  }
}

function interruptOnce(node: Node, commands: Command[]): void {
  if (node.interrupted) return;
  node.interrupted = true;
  commands.push({ type: 'interrupt', step: node.task.id });
}
