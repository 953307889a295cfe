import type { Failure } from './events.ts';
import type { Retry } from './types.ts';

/**
 * Milliseconds until another attempt, or undefined when there must be none. Transient failures double the pause,
 * throttled ones start at four times the first; a third of it is left to chance, so that many do not come back at once.
 */
export function delayBeforeRetry(
  failure: Failure,
  tries: number,
  retry: Retry | undefined,
  chance: () => number,
): number | undefined {
  if (retry === undefined || failure.class === 'permanent' || tries >= retry.attempts) return undefined;
  const first = failure.class === 'throttled' ? retry.firstDelay * 4 : retry.firstDelay;
  const pause = Math.min(retry.maxDelay, first * 2 ** (tries - 1));
  return Math.round(pause * (2 / 3 + chance() / 3));
}
