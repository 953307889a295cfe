import type { PlatformEvent } from '../engine/events.ts';
import type { Host } from '../host.ts';
import type { Clock, WritableTextFiles } from '../tools/ports.ts';
import { styleFor } from './style.ts';

/** Draws the one stream of events. Nothing it does can change the run. */
export interface Reporter {
  emit(event: PlatformEvent): void;
  /** Takes a live drawing off the screen, for a question or a text; the next event brings it back. */
  pause(): void;
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

export interface ReporterOptions {
  readonly json?: boolean;
  readonly color: boolean;
  /** What runs and where, such as `up prod`. */
  readonly title: string;
  /** For the job summary of GitHub. */
  readonly files: WritableTextFiles;
}

/** Opens the drawing that fits this process. */
export async function openReporter(
  host: Pick<Host, 'environment' | 'stdout' | 'stderr'>,
  options: ReporterOptions,
  clock: Clock,
): Promise<Reporter> {
  const drawing = chooseDrawing(host, options);
  switch (drawing) {
    case 'json':
      return (await import('./json.ts')).openJson(host.stdout);
    case 'tty': {
      const style = styleFor(host, host.stderr, options.color);
      return (await import('./tty.ts')).openTty(host.stderr, clock, { style, title: options.title });
    }
    case 'github':
      return (await import('./github.ts')).openGithub(host, options, clock);
    default:
      return (await import('./plain.ts')).openPlain(host, options, clock);
  }
}
