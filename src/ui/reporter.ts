import type { PlatformEvent } from '../engine/events.ts';
import type { Host } from '../host.ts';
import type { Clock } from '../tools/ports.ts';
import { openPlain } from './plain.ts';

/** Draws the one stream of events. Nothing it does can change the run. */
export interface Reporter {
  emit(event: PlatformEvent): void;
  /** Ends the drawing; the last state stays. Twice is harmless. */
  close(): Promise<void>;
}

export type Drawing = 'json' | 'tty' | 'github' | 'plain';

/** Data wins over drawings; a terminal gets a live tree; GitHub gets groups and annotations; everything else plain lines. */
export function chooseDrawing(
  host: Pick<Host, 'environment' | 'stderr'>,
  options: { readonly json?: boolean },
): Drawing {
  if (options.json === true) return 'json';
  if (host.environment['GITHUB_ACTIONS'] === 'true') return 'github';
  return host.stderr.isTTY && host.environment['CI'] === undefined && host.environment['TERM'] !== 'dumb'
    ? 'tty'
    : 'plain';
}

/** Opens the drawing that fits this process. */
export function openReporter(
  host: Host,
  options: { readonly json?: boolean; readonly color: boolean },
  clock: Clock,
): Reporter {
  if (options.json === true)
    return { emit: (event) => host.stdout.write(`${JSON.stringify(event)}\n`), close: () => Promise.resolve() };
  return openPlain(host, options, clock);
}
