import type { Clock } from './ports.ts';

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (duration, signal) =>
    await new Promise((wake) => {
      if (signal?.aborted) return wake();
      const early = (): void => {
        clearTimeout(timer);
        wake();
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', early);
        wake();
      }, duration);
      signal?.addEventListener('abort', early, { once: true });
    }),
};
