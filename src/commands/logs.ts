import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { TextFiles } from '../tools/ports.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

interface LogsOptions extends CommonOptions {
  readonly run?: string;
}

/** Prints the newest log of a step, or lists which logs there are. Logs are redacted when they are written. */
export async function logs(host: Host, options: LogsOptions, step?: string): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const environment = await host.open(config, { offline: true });
  try {
    const found = (await logsBelow(environment.files, `${config.stateFolder}/logs`)).filter(
      (log) => options.run === undefined || log.run === options.run,
    );
    if (step === undefined) {
      if (options.json === true) host.stdout.write(`${JSON.stringify({ schema: 'platform/logs/v1', logs: found })}\n`);
      else for (const log of found) host.stdout.write(`${log.run}  ${log.step}  attempt ${log.attempt}  ${log.path}\n`);
      return 0;
    }
    const latest = found.findLast((log) => log.step === step);
    if (latest === undefined) {
      const known = [...new Set(found.map((log) => log.step))];
      throw new PlatformError('UNKNOWN_STEP', {
        message: `there is no log of ${step}${options.run === undefined ? '' : ` in run ${options.run}`}`,
        next: [known.length === 0 ? 'nothing was run yet: platform up' : `steps with logs: ${known.join(', ')}`],
      });
    }
    host.stdout.write((await environment.files.read(latest.path)) ?? '');
    return 0;
  } finally {
    await environment.close();
  }
}

/** Files are RUN/STEP.ATTEMPT.N.log, with ~ for the / of a step's name; run ids sort by time. */
async function logsBelow(
  files: TextFiles,
  folder: string,
): Promise<readonly { run: string; step: string; attempt: number; path: string }[]> {
  const found = [];
  for (const run of await files.list(folder)) {
    for (const file of await files.list(`${folder}/${run}`)) {
      const parts = /^(.+)\.(\d+)\.(\d+)\.log$/.exec(file);
      if (parts !== null)
        found.push({
          run,
          step: String(parts[1]).replaceAll('~', '/'),
          attempt: Number(parts[2]),
          number: Number(parts[3]),
          path: `${folder}/${run}/${file}`,
        });
    }
  }
  return found.sort((a, b) => a.run.localeCompare(b.run) || a.attempt - b.attempt || a.number - b.number);
}
