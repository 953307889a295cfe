import { decodeJournal } from '../engine/record.ts';
import type { HostFacts, JournalFolder, ProcessTable } from '../tools/ports-engine.ts';
import type { TerraformLock } from '../tools/terraform.ts';

/** Clocks of one machine: the lock is made right after Terraform starts; a little slack for rounding. */
const slack = 2000;

/**
 * Tells whether a Terraform lock is certainly our own dead one: made by this user on this host, after a Terraform that
 * our journal recorded and before any later one, and that process is proven gone (pid and start time, or another boot).
 * Anything less is somebody's.
 */
export function ownDeadAttempt(
  journals: JournalFolder,
  processes: ProcessTable,
  facts: HostFacts,
): (lock: TerraformLock) => Promise<boolean> {
  return async (lock) => {
    const created = Date.parse(lock.Created ?? '');
    if (Number.isNaN(created) || lock.Who !== `${facts.user}@${facts.host}`) return false;
    const spawned = [];
    for (const run of await journals.runs()) {
      for (const { event, ts } of decodeJournal({ run, text: await journals.file(run).read() }).records) {
        if (event.type === 'step.spawned' && event.process.tool === 'terraform')
          spawned.push({ process: event.process, at: ts });
      }
    }
    const maker = spawned
      .filter(({ at }) => at - slack <= created)
      .sort((a, b) => a.at - b.at)
      .at(-1);
    if (maker === undefined) return false;
    if (maker.process.bootId !== facts.bootId) return true;
    return (await processes.startTimeOf(maker.process.pid)) !== maker.process.startTime;
  };
}
