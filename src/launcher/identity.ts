import { systemProcessTable } from '../tools/process-table.ts';

/** What tells a process from a later one with the same pid, and from one before the last boot. */
export interface Identity {
  readonly startTime: string;
  readonly bootId: string;
}

const table = systemProcessTable(process.pid, process.platform);
let boot: Promise<string> | undefined;
/** Asked once: nobody outlives a boot. */
const currentBoot = (): Promise<string> => (boot ??= table.facts().then(({ bootId }) => bootId));

/** The identity of a process as it is recorded; an empty start time when it is gone already. */
export async function identityOf(pid: number): Promise<Identity> {
  const [startTime = '', bootId] = await Promise.all([table.startTimeOf(pid), currentBoot()]);
  return { startTime, bootId };
}

/** Tells whether exactly this process still lives: pid, start time and boot must fit. */
export async function isAlive(recorded: Identity & { readonly pid: number }): Promise<boolean> {
  return recorded.bootId === (await currentBoot()) && (await table.startTimeOf(recorded.pid)) === recorded.startTime;
}
