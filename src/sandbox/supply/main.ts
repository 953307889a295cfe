import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../tools/environment.ts';
import { readBytes } from '../../tools/folders.ts';
import { json, listen } from '../http.ts';
import { acquireSupply, readStandIns, serveSupply } from './supply.ts';
import type { SupplyFault } from './supply.ts';

// `main.js` makes the supply, with progress, before anything needs it. `main.js serve HOST PORT` serves it as well, until it
// is ended: a process of its own can be put into a network namespace. Its control listener on loopback takes faults
// (PUT /fault, an empty object for none) and tells what was asked (GET /requests).
const environment = process.env;
const [verb = 'make', host = '127.0.0.1', port = '0'] = process.argv.slice(2);
const program = fileURLToPath(new URL('../../..', import.meta.url));
const abort = new AbortController();
// Not `once`: a listener that is gone when execa looks lets it end the process at once, before anything is cleaned up.
process.on('SIGINT', () => abort.abort());
process.on('SIGTERM', () => abort.abort());
const go = Object.fromEntries(
  Object.entries(environment).filter((entry): entry is [string, string] => /^GO[A-Z0-9]+$/.test(entry[0])),
);

try {
  const build = await readBytes(join(program, 'sandbox', 'supply', 'supply.json'));
  const supply = await acquireSupply({
    cache: join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'platform', 'supply'),
    program,
    kubernetes: (JSON.parse(build.toString('utf8')) as { kubernetes: string }).kubernetes,
    note: (text) => void process.stderr.write(`${text}\n`),
    signal: abort.signal,
    environment: childEnvironment(environment, go),
  });
  if (verb === 'serve') {
    let fault: SupplyFault | undefined;
    const standIns = await readStandIns(program);
    const served = await serveSupply({ supply, host, port: Number(port), standIns, faults: () => fault });
    const control = await listen(async (asked) => {
      if (asked.method === 'PUT') {
        const wanted = (await asked.json()) as Partial<SupplyFault> | undefined;
        fault = wanted?.service === undefined ? undefined : (wanted as SupplyFault);
      }
      return json(200, asked.url.pathname === '/requests' ? served.requests() : { fault: fault ?? null });
    });
    process.stdout.write(`${JSON.stringify({ host, port: served.port, control: control.port, ...supply })}\n`);
    const end = () => void Promise.all([served.close(), control.close()]);
    if (abort.signal.aborted) end();
    else abort.signal.addEventListener('abort', end);
  } else {
    process.stdout.write(`${JSON.stringify(supply)}\n`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  for (const next of (error as { next?: readonly string[] }).next ?? []) process.stderr.write(`Next: ${next}\n`);
  process.exitCode = 4;
}
