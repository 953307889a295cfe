import { signalTo } from '../tools/children.ts';
import { systemClock } from '../tools/clock.ts';
import { systemProcessTable } from '../tools/process-table.ts';
import type { RecordedProcess } from './state.ts';

const table = systemProcessTable(process.pid, process.platform);

/** A process as it is recorded; undefined when it is gone already. */
export async function recordOf(pid: number): Promise<RecordedProcess | undefined> {
  const startTime = await table.startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether exactly the recorded process still lives. */
export async function lives({ pid, startTime }: RecordedProcess): Promise<boolean> {
  return (await table.startTimeOf(pid)) === startTime;
}

/** Asks the process to end, and kills it when it has not within `patience` milliseconds. Fine when it is gone. */
export async function endProcess(
  recorded: RecordedProcess,
  signal: 'SIGTERM' | 'SIGKILL',
  patience = 5_000,
): Promise<void> {
  if (!(await lives(recorded))) return;
  signalTo(recorded.pid, signal);
  const end = systemClock.monotonic() + patience;
  while (await lives(recorded)) {
    if (systemClock.monotonic() > end) signalTo(recorded.pid, 'SIGKILL');
    await systemClock.sleep(20);
  }
}
