import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

/** Asks every check afresh and tells all findings at once. Exit 4 when one of them would stop a run. */
export async function doctor(host: Host, options: CommonOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const [{ checks }, { runChecks }, { doctorDocument, doctorText }] = await Promise.all([
      import('../checks/index.ts'),
      import('../checks/run-checks.ts'),
      import('../ui/doctor-view.ts'),
    ]);
    const abort = new AbortController();
    void abortOnSignal(host, abort);
    const world = environment.look(abort.signal);
    const context = { ...world, config: environment.config, signal: abort.signal };
    const results = await runChecks(checks, context, { afresh: true, purpose: 'doctor' });
    if (options.json === true) host.stdout.write(`${JSON.stringify(doctorDocument(config.environment, results))}\n`);
    else host.stderr.write(doctorText(config.environment, results, host, options));
    return results.some(({ state }) => state === 'error') ? 4 : 0;
  } finally {
    await environment.close();
  }
}

async function abortOnSignal(host: Host, abort: AbortController): Promise<void> {
  for await (const _ of host.signals()) return abort.abort();
}
