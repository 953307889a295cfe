import type { Command, ScheduleEvent } from './schedule-messages.ts';
import { cancelTo, stop } from './reduce-cancel.ts';
import { isActive, isOver, move, type Node, type Schedule } from './schedule.ts';
import type { StepId } from './types.ts';

/** One turn of the scheduler: no time, no chance, no effect. Consumes the schedule it is given. */
export function reduce(schedule: Schedule, event: ScheduleEvent): readonly [Schedule, readonly Command[]] {
  if (schedule.finished) return [schedule, []];
  const commands: Command[] = [];
  turn(schedule, event, commands);
  startReady(schedule, commands);
  finishWhenOver(schedule, commands);
  return [schedule, commands];
}

function turn(schedule: Schedule, event: ScheduleEvent, commands: Command[]): void {
  switch (event.type) {
    case 'start':
      return start(schedule, commands);
    case 'cancel':
      return cancelTo(schedule, event.level, commands);
    case 'journal-lost':
      schedule.settling = false;
      return stop(schedule, 'journal-lost', commands);
    case 'plan-settled':
      return keep(schedule);
    case 'budget-spent':
      for (const node of schedule.nodes) if (isActive(node.phase)) move(schedule, node, 'left');
      return;
  }
  const node = schedule.nodes[schedule.index.get(event.step) ?? -1];
  // A step that was killed or left may still report; the first ending counts.
  if (node === undefined || isOver(node.phase)) return;
  switch (event.type) {
    case 'adopted':
      return rejoin(schedule, node);
    case 'applied':
      // Proving readiness is left to the next run: the record says that it is still to do.
      if (schedule.stopped === 'cancelled' || schedule.stopped === 'journal-lost') return move(schedule, node, 'left');
      move(schedule, node, 'probing');
      commands.push({ type: 'probe', step: event.step });
      return;
    case 'done':
      move(schedule, node, 'done');
      return wake(schedule, node);
    case 'failed':
      move(schedule, node, 'failed');
      schedule.failed += 1;
      skipDependants(schedule, node, commands);
      if (schedule.failFast) stop(schedule, 'fail-fast', commands);
      return;
    case 'retry':
      if (schedule.stopped !== undefined) {
        commands.push({ type: 'give-up', step: event.step });
        return;
      }
      move(schedule, node, 'backing-off');
      commands.push({ type: 'sleep', step: event.step, delay: event.delay });
      return;
    case 'retry-due':
      if (node.phase === 'backing-off' && schedule.stopped === undefined) makeReady(schedule, node);
      return;
    case 'interrupted':
    case 'left':
      return move(schedule, node, event.type);
  }
}

/** Kept rows first, in order and all at once: their needs are kept rows too. */
function start(schedule: Schedule, commands: Command[]): void {
  const kept: StepId[] = [];
  const skipped: StepId[] = [];
  for (const node of schedule.nodes) {
    const { action, id, orphaned } = node.task;
    if (orphaned) {
      move(schedule, node, 'adopting');
      commands.push({ type: 'adopt', step: id });
    }
    if (action === 'keep') kept.push(id);
    else if (action === 'skip') {
      skipped.push(id);
      if (!orphaned) move(schedule, node, 'skipped');
      wake(schedule, node);
    } else if (node.openNeeds === 0 && node.phase === 'waiting') makeReady(schedule, node);
  }
  schedule.settling = kept.length > 0 || skipped.length > 0;
  if (schedule.settling) commands.push({ type: 'settle-plan', kept, skipped });
}

function keep(schedule: Schedule): void {
  schedule.settling = false;
  for (const node of schedule.nodes) {
    if (node.task.action !== 'keep') continue;
    if (node.phase === 'waiting') move(schedule, node, 'done');
    wake(schedule, node);
  }
}

/** Back among the others, as if its tool had ended before this run. */
function rejoin(schedule: Schedule, node: Node): void {
  const { action } = node.task;
  move(schedule, node, action === 'keep' ? 'done' : action === 'skip' ? 'skipped' : 'waiting');
  if (node.phase === 'waiting' && node.openNeeds === 0) makeReady(schedule, node);
}

function wake(schedule: Schedule, node: Node): void {
  for (const order of node.dependants) {
    const dependant = schedule.nodes[order] as Node;
    dependant.openNeeds -= 1;
    const wanted = dependant.task.action !== 'keep' && dependant.task.action !== 'skip';
    if (dependant.openNeeds === 0 && dependant.phase === 'waiting' && wanted) makeReady(schedule, dependant);
  }
}

function makeReady(schedule: Schedule, node: Node): void {
  move(schedule, node, 'ready');
  schedule.ready.push(node.order);
}

/** Fills free slots in list order; a step whose lock is held waits aside and takes no slot. */
function startReady(schedule: Schedule, commands: Command[]): void {
  while (schedule.stopped === undefined && schedule.working < schedule.parallel) {
    const order = schedule.ready.pop();
    if (order === undefined) return;
    const node = schedule.nodes[order] as Node;
    const held = node.task.locks.find((lock) => schedule.holders.has(lock));
    if (held !== undefined) {
      park(schedule, node, held, commands);
      continue;
    }
    move(schedule, node, 'working');
    commands.push({ type: 'work', step: node.task.id });
  }
}

function park(schedule: Schedule, node: Node, lock: string, commands: Command[]): void {
  const parked = schedule.parked.get(lock) ?? [];
  parked.push(node.order);
  schedule.parked.set(lock, parked);
  if (node.said) return;
  node.said = true;
  const holder = (schedule.nodes[schedule.holders.get(lock)?.[0] as number] as Node).task.id;
  commands.push({ type: 'say-waiting', step: node.task.id, lock, holder });
}

function skipDependants(schedule: Schedule, failed: Node, commands: Command[]): void {
  const stack = [...failed.dependants];
  for (let order = stack.pop(); order !== undefined; order = stack.pop()) {
    const node = schedule.nodes[order] as Node;
    if (node.phase !== 'waiting') continue;
    move(schedule, node, 'skipped');
    commands.push({ type: 'skip', step: node.task.id, blockedBy: [failed.task.id] });
    stack.push(...node.dependants);
  }
}

function finishWhenOver(schedule: Schedule, commands: Command[]): void {
  if (schedule.active > 0 || schedule.settling) return;
  if (schedule.open > 0 && schedule.stopped === undefined) return;
  schedule.finished = true;
  commands.push({ type: 'finish', ending: endingOf(schedule) });
}

function endingOf(schedule: Schedule): 'done' | 'failed' | 'interrupted' {
  if (schedule.stopped === 'journal-lost') return 'failed';
  const complete = schedule.nodes.every(({ phase }) => phase === 'done' || phase === 'skipped');
  if (schedule.stopped === 'cancelled' && !complete) return 'interrupted';
  return schedule.failed > 0 ? 'failed' : complete ? 'done' : 'interrupted';
}
