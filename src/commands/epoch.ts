import type { Reporter } from '../ui/reporter.ts';
import type { Environment } from './environment.ts';

/**
 * The sandbox's AWS lives in memory. When it was started anew, what the journal says is no longer there: the epoch is
 * closed, saying so, and files that described the lost far side are put away. AWS itself never forgets, and has no id.
 */
export async function closeLostEpoch(environment: Environment, reporter: Reporter): Promise<void> {
  const { farSide, config, files, journals, clock } = environment;
  if (farSide === undefined) return;
  const path = `${config.stateFolder}/far-side`;
  const known = await files.read(path);
  if (known === farSide) return;
  const [{ openJournal, readJournals }, { foldJournals }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/fold.ts'),
  ]);
  if (known !== undefined && foldJournals(await readJournals(journals)).steps.size > 0) {
    const because = 'the sandbox was started anew and remembers nothing';
    const run = `epoch-${new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '-')}`;
    const journal = await openJournal(journals, run, clock);
    await journal.append({ type: 'epoch.closed', because });
    await journal.close();
    for (const name of [
      'kubeconfig',
      'known_hosts',
      'inventory.yml',
      'variables.json',
      'identity.json',
      'ledger.ndjson',
    ])
      await files.remove(`${config.stateFolder}/${name}`);
    reporter.emit({
      type: 'run.message',
      level: 'warning',
      text: `${because}: everything is built again`,
      at: clock.now(),
      run,
    });
  }
  await files.write(path, farSide);
}
