import { PlatformError } from '../../errors.ts';

/**
 * How long to wait before looking again at something that has not changed for so long: a tenth of it, so that looking late costs at most a
 * tenth more, and a long wait costs few calls. 250 ms to 10 s.
 */
export const pauseAfter = (unchanged: number): number => Math.min(10_000, Math.max(250, unchanged / 10));

/** Ends the work when the run is cancelled or the deadline has passed; what was done stays done. */
export function stopIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  if (reason instanceof PlatformError) throw reason;
  throw new PlatformError('INTERRUPTED', {
    message: 'the teardown was stopped between two deletions',
    next: ['run the same command again: it goes on with what is left'],
    cause: reason,
  });
}

/** '45s', '1m10s', '1h5m': for notes that change every few seconds. */
export function shortSpell(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
