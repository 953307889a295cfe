import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { TaskList } from '../ui/task-list.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

/** Asks every check afresh and tells each answer as it comes. Exit 4 when one of them would stop a run. */
export async function doctor(host: Host, options: CommonOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const signal = abortOnSignal(host);
  const environment = await host.open(config, { ephemeral: true });
  let list: TaskList | undefined;
  try {
    const [{ checks }, { runChecks }, { checkText, doctorDocument, verdictText }, { openTaskList }] = await Promise.all(
      [
        import('../checks/index.ts'),
        import('../checks/run-checks.ts'),
        import('../ui/doctor-view.ts'),
        import('../ui/open-task-list.ts'),
      ],
    );
    const world = environment.look(signal);
    const context = { ...world, config: environment.config, signal };
    list = await openTaskList(host, environment.clock, options, checks);
    const results = await runChecks(checks, context, {
      afresh: true,
      purpose: 'doctor',
      began: (id) => list?.began(id),
      told: (result) => list?.ended(result.id, checkText(result, host, options).trimEnd()),
    }).catch((problem: unknown) => {
      if (!signal.aborted) throw problem;
      throw new PlatformError('INTERRUPTED', {
        message: 'stopped while looking; nothing was changed',
        next: ['type the same command again'],
      });
    });
    await list.close();
    if (options.json === true) host.stdout.write(`${JSON.stringify(doctorDocument(config.environment, results))}\n`);
    else host.stderr.write(verdictText(config.environment, results, host, options));
    return results.some(({ state }) => state === 'error') ? 4 : 0;
  } finally {
    await list?.close();
    await environment.close();
  }
}
