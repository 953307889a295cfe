import { PlatformError } from '../errors.ts';

/** Throws when the signal is aborted: its reason where that is an error of ours, INTERRUPTED otherwise. */
export function throwIfAborted(signal: AbortSignal | undefined, tool: string): void {
  if (!signal?.aborted) return;
  const reason: unknown = signal.reason;
  if (reason instanceof PlatformError) throw reason;
  throw new PlatformError('INTERRUPTED', {
    message: `${tool} was stopped`,
    next: ['run the same command again'],
    cause: reason,
  });
}
