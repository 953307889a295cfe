import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';
import { underLock } from './under-lock.ts';

interface SettleOptions extends CommonOptions {
  readonly repairJournal?: boolean;
  readonly abandon?: 'destroy';
}

/**
 * Brings what a crashed run left into a state that can be judged: waits for tools that still work, then lets each step
 * in doubt settle its tool (lock, taint, pending release), under the lock, without building anything.
 */
export async function settle(host: Host, options: SettleOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const environment = await host.open(config, options.repairJournal === true ? { offline: true } : {});
  try {
    return await underLock(host, environment, 'settle', async (run) => {
      if (options.repairJournal === true) return repair(host, environment);
      if (options.abandon !== undefined) return (await import('./abandon.ts')).abandonTeardown(host, environment, run);
      const { settleDoubtful } = await import('./settle-doubtful.ts');
      return settleDoubtful(host, environment, options, run);
    });
  } finally {
    await environment.close();
  }
}

async function repair(host: Host, environment: Awaited<ReturnType<Host['open']>>): Promise<number> {
  const [{ repairJournals }, { repairLedger }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/ledger.ts'),
  ]);
  const repaired = await repairJournals(environment.journals);
  for (const { run, copy, lines, tornBytes } of repaired) {
    const what = lines.length > 0 ? `damaged lines ${lines.join(', ')}` : `${tornBytes} bytes of a half-written record`;
    host.stderr.write(`journal of run ${run}: cut out ${what}; the file as it was is ${copy}\n`);
  }
  const ledger = await repairLedger(environment.ledger);
  if (ledger !== undefined)
    host.stderr.write(`ledger: cut out lines ${ledger.lines.join(', ')}; the file as it was is ${ledger.copy}\n`);
  if (repaired.length === 0 && ledger === undefined) host.stderr.write('journals and ledger are sound\n');
  else host.stderr.write('Next: platform plan shows what is known now; what is in doubt is looked at again\n');
  return 0;
}
