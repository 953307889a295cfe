import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCli } from './cli.ts';
import { exitCodeOf } from './errors.ts';
import type { Host, Output } from './host.ts';

const program = dirname(dirname(fileURLToPath(import.meta.url)));

const output = (stream: NodeJS.WriteStream): Output => ({
  isTTY: stream.isTTY,
  get columns() {
    return stream.columns ?? 0;
  },
  get rows() {
    return stream.rows ?? 0;
  },
  write: (text) => void stream.write(text),
});

/** Signals from the first call on; before it the default action stands, so that `--help | head` dies as it should. */
async function* signals(): AsyncIterable<'SIGINT' | 'SIGTERM'> {
  const queue: ('SIGINT' | 'SIGTERM')[] = [];
  let wake: (() => void) | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      queue.push(signal);
      wake?.();
    });
  }
  // A closed terminal must not end a run that builds a cluster: it goes on, and its journal tells the rest.
  process.on('SIGHUP', () => undefined);
  for (;;) {
    const next = queue.shift();
    if (next !== undefined) yield next;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

const host: Host = {
  arguments: process.argv.slice(2),
  environment: process.env,
  folder: process.cwd(),
  home: process.env['HOME'] ?? homedir(),
  program,
  version: (JSON.parse(readFileSync(`${program}/package.json`, 'utf8')) as { version: string }).version,
  node: process.execPath,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  stdin: { isTTY: process.stdin.isTTY },
  terminal: { input: process.stdin, output: process.stderr },
  open: async (config, options) => (await import('./world/open.ts')).openEnvironment(host, config, options),
  signals,
};

// A reader that closes early (`| head`) is not an error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || process.exit(1));

try {
  process.exitCode = await runCli(host);
} catch (error) {
  const { showError } = await import('./ui/error-view.ts');
  showError(error, host);
  process.exitCode = exitCodeOf(error);
}
// Sockets that are kept alive must not hold us back; what had to be written was awaited.
process.exit();
