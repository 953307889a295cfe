import type { Clock, Randomness } from './ports.ts';

/** Longest pause that one timer can hold (2^31 - 1 ms); beyond it Node fires at once. */
const longest = 2_147_483_647;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (duration, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true || Number.isNaN(duration)) return resolve();
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(Math.max(0, duration), longest));
      signal?.addEventListener('abort', wake, { once: true });
    }),
};

export const systemRandomness: Randomness = { next: () => Math.random() };
