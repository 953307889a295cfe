import type { CheckResult } from '../checks/check.ts';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

/** Asks every check afresh and tells each answer as it comes. Exit 4 when one of them would stop a run. */
export async function doctor(host: Host, options: CommonOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  // Heard before there is anything to clean up, so that the clean-up is never left out.
  const abort = new AbortController();
  void abortOnSignal(host, abort);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const [{ checks }, { runChecks }, { checkText, doctorDocument, verdictText }] = await Promise.all([
      import('../checks/index.ts'),
      import('../checks/run-checks.ts'),
      import('../ui/doctor-view.ts'),
    ]);
    const world = environment.look(abort.signal);
    const context = { ...world, config: environment.config, signal: abort.signal };
    const told =
      options.json === true
        ? undefined
        : (result: CheckResult): void => host.stderr.write(checkText(result, host, options));
    const results = await runChecks(checks, context, {
      afresh: true,
      purpose: 'doctor',
      ...(told === undefined ? {} : { told }),
    }).catch((problem: unknown) => {
      if (!abort.signal.aborted) throw problem;
      throw new PlatformError('INTERRUPTED', { message: 'stopped while looking; nothing was changed' });
    });
    if (options.json === true) host.stdout.write(`${JSON.stringify(doctorDocument(config.environment, results))}\n`);
    else host.stderr.write(verdictText(config.environment, results, host, options));
    return results.some(({ state }) => state === 'error') ? 4 : 0;
  } finally {
    await environment.close();
  }
}

async function abortOnSignal(host: Host, abort: AbortController): Promise<void> {
  for await (const _ of host.signals()) return abort.abort();
}
