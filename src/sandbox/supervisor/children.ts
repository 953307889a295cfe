import { dirname } from 'node:path';
import { startChild } from '../../tools/children.ts';
import { writeQuick } from '../../tools/folders.ts';
import type { ProgramRunner, RunningProgram } from '../control-plane/programs.ts';
import { endProcess, recordOf } from '../processes.ts';
import { childrenFile } from '../state.ts';
import type { RecordedProcess } from '../state.ts';

/** What runs below the supervisor, by name; on disk, so that `down` finds them when the supervisor was killed. */
export type ChildrenRecord = Readonly<Record<string, RecordedProcess>>;

export interface ChildRequest {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
}

/** The supervisor's children. */
export interface Children extends ProgramRunner {
  start(request: ChildRequest): Promise<RunningProgram>;
  /** Takes over a process that an earlier supervisor started. */
  adopt(name: string, process: RecordedProcess): Promise<void>;
  /** Ends those that are left, all at once. */
  stopAll(): Promise<void>;
}

/** Starts children and keeps the record of them; one write at a time. */
export function openChildren(folder: string): Children {
  const running = new Map<string, RecordedProcess>();
  const ends = new Map<number, Promise<string>>();
  let written: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    written = written
      .catch(() => undefined)
      .then(() => writeQuick(childrenFile(folder), `${JSON.stringify(Object.fromEntries(running), undefined, 2)}\n`));
    return written;
  };
  const forget = (name: string, pid: number): void => {
    if (running.get(name)?.pid === pid) running.delete(name);
  };

  const start = async ({ name, argv, env, log }: ChildRequest): Promise<RunningProgram> => {
    const child = await startChild({ argv, env, log, cwd: dirname(childrenFile(folder)), detached: false });
    const recorded = await recordOf(child.pid);
    if (recorded !== undefined) running.set(name, recorded);
    await save();
    void child.ended.then(() => forget(name, child.pid));
    ends.set(child.pid, child.ended);
    return child;
  };
  const stopProgram = async (pid: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const recorded = [...running.values()].find((one) => one.pid === pid);
    if (recorded !== undefined) await endProcess(recorded, signal);
    await ends.get(pid);
    ends.delete(pid);
  };

  return {
    start,
    startProgram: start,
    stopProgram,
    async adopt(name, process) {
      running.set(name, process);
      await save();
    },
    async stopAll() {
      await Promise.all([...running.values()].map((one) => endProcess(one, 'SIGTERM')));
      running.clear();
      await save();
    },
  };
}
