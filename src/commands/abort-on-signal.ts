import type { Host } from '../host.ts';

/**
 * A signal that is aborted by the first Ctrl-C or TERM. From this call on neither ends the process by itself, so it is made
 * before anything that must be given back: a temporary folder that is opened first would be left behind.
 */
export function abortOnSignal(host: Host): AbortSignal {
  const abort = new AbortController();
  void listen(host, abort);
  return abort.signal;
}

async function listen(host: Host, abort: AbortController): Promise<void> {
  for await (const _ of host.signals()) return abort.abort();
}
