import type { PlatformConfig } from '../config/config.ts';
import type { Reporter } from '../ui/reporter.ts';
import type { Environment } from './environment.ts';

/** Tells whether the far side has lost its memory since the journal was written. */
export async function isEpochLost({ farSide, config, files }: Environment): Promise<boolean> {
  const known = await files.read(farSidePath(config));
  return farSide !== undefined && known !== undefined && known !== farSide;
}

/**
 * The sandbox's AWS lives in memory. When it was started anew, what the journal says is no longer there: the epoch is
 * closed, saying so, and files that described the lost far side are put away. AWS itself never forgets, and has no id.
 * Called under the lock.
 */
export async function closeLostEpoch(environment: Environment, reporter: Reporter): Promise<void> {
  const { farSide, config, files, journals, clock } = environment;
  if (farSide === undefined) return;
  if (await isEpochLost(environment)) {
    const { openJournal } = await import('../engine/journal.ts');
    const because = 'the sandbox was started anew and remembers nothing';
    const run = `${new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}-epoch`;
    const journal = await openJournal(journals, run, clock);
    await journal.append({ type: 'epoch.closed', because });
    await journal.close();
    for (const name of derived) await files.remove(`${config.stateFolder}/${name}`);
    reporter.emit({
      type: 'run.message',
      level: 'warning',
      text: `${because}: everything is built again`,
      at: clock.now(),
      run,
    });
  }
  await files.write(farSidePath(config), farSide);
}

const farSidePath = (config: PlatformConfig): string => `${config.stateFolder}/far-side`;

/** What described the far side that is gone. */
const derived = ['kubeconfig', 'known_hosts', 'inventory.yml', 'variables.json', 'identity.json', 'ledger.ndjson'];
