import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

/** The runs of an environment, newest first, with what each did and how long it took. */
export async function runs(host: Host, options: CommonOptions & { readonly limit: number }): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const environment = await host.open(config, { offline: true });
  try {
    const [{ readJournals }, { foldJournals }, { showRuns }] = await Promise.all([
      import('../engine/journal.ts'),
      import('../engine/fold.ts'),
      import('../ui/runs-view.ts'),
    ]);
    const state = foldJournals(await readJournals(environment.journals));
    const newest = state.runs.slice(-options.limit).toReversed();
    if (options.json === true)
      host.stdout.write(
        `${JSON.stringify({ schema: 'platform/runs/v1', runs: newest.map((run) => ({ ...run, durations: Object.fromEntries(run.durations) })) })}\n`,
      );
    else showRuns(newest, host, options);
    return 0;
  } finally {
    await environment.close();
  }
}
