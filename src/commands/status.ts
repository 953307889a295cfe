import type { Host } from '../host.ts';
import { learnIdentity } from './verb-run.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

interface StatusOptions extends CommonOptions {
  readonly orphans?: boolean;
}

/** Shows the platform as it is. Exit 11 when a part of it is not as it should be. */
export async function status(host: Host, options: StatusOptions): Promise<number> {
  if (options.orphans === true) return (await import('./status-orphans.ts')).statusOrphans(host, options);
  const { config } = await loadConfigurationOf(host, options);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const [{ readJournals }, { foldJournals }, { inspectPlatform }, { statusText }] = await Promise.all([
      import('../engine/journal.ts'),
      import('../engine/fold.ts'),
      import('../steps/inspect.ts'),
      import('../ui/status-view.ts'),
    ]);
    const state = foldJournals(await readJournals(environment.journals));
    learnIdentity(environment, state);
    const abort = new AbortController();
    const clusterId = (state.steps.get('state-backend')?.output as { clusterId?: string } | undefined)?.clusterId;
    const found = await inspectPlatform(environment.config, clusterId, environment.look(abort.signal), abort.signal);
    const lastRun = state.runs.at(-1);
    const document = {
      schema: 'platform/status/v1',
      environment: config.environment,
      target: config.target,
      clusterId: clusterId ?? null,
      ...found,
      lastRun:
        lastRun === undefined
          ? null
          : {
              run: lastRun.run,
              verb: lastRun.verb,
              ending: lastRun.ended?.ending ?? 'cut off',
              wall: lastRun.ended?.wall ?? null,
            },
    };
    if (options.json === true) host.stdout.write(`${JSON.stringify(document)}\n`);
    else host.stderr.write(statusText(document, host, options));
    const all = [...found.machines, ...found.nodes, ...found.addons, ...found.endpoints];
    return clusterId !== undefined && all.every((one) => one.state === 'ok') ? 0 : 11;
  } finally {
    await environment.close();
  }
}
