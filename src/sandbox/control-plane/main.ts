import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homedir } from 'node:os';
import { systemClock } from '../../tools/clock.ts';
import { childEnvironment } from '../../tools/environment.ts';
import { createReadingProcesses } from '../../tools/process.ts';
import { systemProcessTable } from '../../tools/process-table.ts';
import { programFolders } from '../../tools/program-folder.ts';
import { acquirePrograms } from './acquire.ts';
import { officialSites } from './acquire-types.ts';

// Run by scripts/setup.js, so that both README commands find the binary in the cache: with progress, and before a test needs it.
const environment = process.env;
const abort = new AbortController();
// Not `once`: a listener that is gone when execa looks lets it end the process at once, before anything is cleaned up.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());
const go = Object.fromEntries(
  Object.entries(environment).filter(
    ([name, value]) => value !== undefined && /^(GO[A-Z0-9]+|CGO_ENABLED)$/.test(name),
  ),
);
const noDownload = environment['CI']
  ? 'CI is set'
  : environment['npm_lifecycle_event'] === 'pretest' || environment['npm_lifecycle_event'] === 'precheck'
    ? 'tests never ask the internet'
    : undefined;

try {
  const { because } = await acquirePrograms(
    {
      processes: createReadingProcesses(),
      table: systemProcessTable(process.pid, process.platform),
      files: programFolders,
      clock: systemClock,
      fetch,
    },
    {
      cache: join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'platform', 'control-plane'),
      source: fileURLToPath(new URL('../../../sandbox/control-plane', import.meta.url)),
      ...(environment['PLATFORM_CONTROL_PLANE'] ? { folder: environment['PLATFORM_CONTROL_PLANE'] } : {}),
      ...(noDownload === undefined ? {} : { noDownload }),
      sites: officialSites,
      platform: process.platform,
      architecture: process.arch,
      environment: { ...childEnvironment(environment), ...(go as Record<string, string>) },
      signal: abort.signal,
      note: (text) => void process.stderr.write(`setup: ${text}\n`),
    },
  );
  process.stderr.write(`setup: control plane: ${because}\n`);
} catch (error) {
  process.stderr.write(`setup: ${error instanceof Error ? error.message : String(error)}\n`);
  for (const next of (error as { next?: readonly string[] }).next ?? []) process.stderr.write(`Next: ${next}\n`);
  process.exitCode = 4;
}
