import type { Output } from '../host.ts';
import type { Reporter } from './reporter.ts';

/** Events as NDJSON: `type`, `at`, `run` first, then the payload of the type. Types and payloads are API. */
export function openJson(output: Pick<Output, 'write'>): Reporter {
  return {
    emit: ({ type, at, run, ...payload }) => output.write(`${JSON.stringify({ type, at, run, ...payload })}\n`),
    pause: () => undefined,
    close: () => Promise.resolve(),
  };
}
