import type { Action } from './events.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { OnCancel, StepId } from './types.ts';

/** One instance as the scheduler knows it. */
export interface Task {
  readonly id: StepId;
  readonly action: Action;
  readonly needs: readonly StepId[];
  readonly locks: readonly string[];
  readonly onCancel: OnCancel;
  /** A tool of an earlier process may still work for it: it holds the locks until that is known to have ended. */
  readonly orphaned: boolean;
}

export type Phase =
  /** Waits for a tool of an earlier process; holds a slot and its locks, whatever the others hold. */
  | 'adopting'
  /** Needs are not done. */
  | 'waiting'
  /** Wants a slot and its locks. */
  | 'ready'
  /** Holds a slot and its locks. */
  | 'working'
  /** Failed in a way that may pass; holds nothing. */
  | 'backing-off'
  /** Applied; holds nothing. */
  | 'probing'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'interrupted'
  /** Left in doubt on purpose: the journal is lost, or the time to end is over. */
  | 'left';

export interface Node {
  readonly task: Task;
  readonly order: number;
  readonly dependants: number[];
  phase: Phase;
  openNeeds: number;
  /** One polite signal was sent. */
  interrupted: boolean;
  /** Its waiting for a lock was said. */
  said: boolean;
}

/** 0 goes on; 1 starts nothing new and applies each step's policy; 2 interrupts everything once; 3 kills. */
export type CancelLevel = 0 | 1 | 2 | 3;

/** The whole state of the scheduler. `reduce` consumes it: the caller keeps only what reduce gives back. */
export interface Schedule {
  readonly nodes: readonly Node[];
  readonly index: ReadonlyMap<StepId, number>;
  readonly ready: ReadyQueue;
  /** Lock -> orders of its holders: one, or several whose tools an earlier process left. */
  readonly holders: Map<string, readonly number[]>;
  /** Lock -> orders of those that wait for it. */
  readonly parked: Map<string, number[]>;
  readonly parallel: number;
  readonly failFast: boolean;
  /** Steps that hold a slot. */
  working: number;
  /** Steps that work, back off or are probed: counted, so that the end is seen without a walk. */
  active: number;
  /** Steps without an ending. */
  open: number;
  /** The kept and left-out rows are being recorded. */
  settling: boolean;
  cancel: CancelLevel;
  /** Why nothing new starts; undefined while it does. */
  stopped: 'cancelled' | 'fail-fast' | 'journal-lost' | undefined;
  failed: number;
  finished: boolean;
}

/** The schedule before `start`. Tasks come in topological order; kept and skipped ones need no work. */
export function newSchedule(tasks: readonly Task[], options: { parallel: number; failFast: boolean }): Schedule {
  const index = new Map(tasks.map(({ id }, order) => [id, order]));
  const nodes = tasks.map(
    (task, order): Node => ({
      task,
      order,
      dependants: [],
      phase: 'waiting',
      openNeeds: 0,
      interrupted: false,
      said: false,
    }),
  );
  for (const node of nodes) {
    for (const need of node.task.needs) {
      nodes[index.get(need) as number]?.dependants.push(node.order);
      node.openNeeds += 1;
    }
  }
  return {
    nodes,
    index,
    ready: new ReadyQueue(),
    holders: new Map(),
    parked: new Map(),
    parallel: options.parallel,
    failFast: options.failFast,
    working: 0,
    active: 0,
    open: nodes.length,
    settling: false,
    cancel: 0,
    stopped: undefined,
    failed: 0,
    finished: false,
  };
}

/** The one place where a phase changes, so that slots, locks and counts cannot drift from it. */
export function move(schedule: Schedule, node: Node, to: Phase): void {
  const from = node.phase;
  if (holdsSlot(from)) {
    schedule.working -= 1;
    release(schedule, node);
  }
  if (holdsSlot(to)) {
    schedule.working += 1;
    for (const lock of node.task.locks) schedule.holders.set(lock, [...(schedule.holders.get(lock) ?? []), node.order]);
  }
  schedule.active += Number(isActive(to)) - Number(isActive(from));
  schedule.open += Number(isOver(from)) - Number(isOver(to));
  node.phase = to;
}

function release(schedule: Schedule, node: Node): void {
  for (const lock of node.task.locks) {
    const others = (schedule.holders.get(lock) ?? []).filter((order) => order !== node.order);
    if (others.length > 0) {
      schedule.holders.set(lock, others);
      continue;
    }
    schedule.holders.delete(lock);
    for (const order of schedule.parked.get(lock) ?? []) schedule.ready.push(order);
    schedule.parked.delete(lock);
  }
}

export function holdsSlot(phase: Phase): boolean {
  return phase === 'working' || phase === 'adopting';
}

export function isActive(phase: Phase): boolean {
  return holdsSlot(phase) || phase === 'probing' || phase === 'backing-off';
}

/** Whether nothing more will happen to a step in this run. */
export function isOver(phase: Phase): boolean {
  return phase === 'done' || phase === 'failed' || phase === 'skipped' || phase === 'interrupted' || phase === 'left';
}
