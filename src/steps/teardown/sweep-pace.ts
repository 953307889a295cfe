import type { Clock, Randomness } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';

interface PaceWorld {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** How fast AWS is asked: as many calls at a time as it bears. */
export interface Pace {
  /**
   * Works on all items. One that was `throttled` is tried again after a back-off, with half as many at a time; both recover with success.
   * Ends early when the signal is aborted, or with the first error, once what was under way has ended.
   */
  each<T>(items: readonly T[], work: (item: T) => Promise<'done' | 'throttled'>): Promise<void>;
  /** Milliseconds spent while AWS slowed us down, in all: no reason to give up. */
  readonly lost: number;
}

export const mostAtOnce = 8;
const firstDelay = 500;
const longestDelay = seconds(30);

export function createPace({ clock, random, signal, note }: PaceWorld): Pace {
  let limit = mostAtOnce;
  let delay = 0;
  let successes = 0;
  let lost = 0;

  const slow = (): void => {
    limit = Math.max(1, Math.floor(limit / 2));
    delay = Math.min(longestDelay, Math.max(firstDelay, delay * 2));
    successes = 0;
  };
  const recover = (): void => {
    successes += 1;
    if (successes < limit) return;
    successes = 0;
    limit = Math.min(mostAtOnce, limit + 1);
    delay = delay <= firstDelay ? 0 : delay / 2;
  };

  return {
    get lost() {
      return lost;
    },
    async each(items, work) {
      const queue = [...items];
      const begun = clock.monotonic();
      let slowed = false;
      const worker = async (place: number): Promise<void> => {
        for (;;) {
          const item = place < limit && !signal.aborted ? queue.shift() : undefined;
          if (item === undefined) return;
          if ((await work(item)) === 'done') {
            recover();
            continue;
          }
          queue.unshift(item);
          slowed = true;
          slow();
          const pause = delay * (0.75 + random.next() / 2);
          note(`AWS asks for fewer calls: ${limit} at a time, next in ${Math.ceil(pause / 1000)}s`);
          await clock.sleep(pause, signal);
        }
      };
      const guarded = (place: number): Promise<void> =>
        worker(place).catch((error: unknown) => {
          queue.length = 0;
          throw error;
        });
      while (queue.length > 0 && !signal.aborted) {
        const ends = await Promise.allSettled(Array.from({ length: limit }, (_, place) => guarded(place)));
        const bad = ends.find((end) => end.status === 'rejected');
        if (bad !== undefined) throw bad.reason;
      }
      if (slowed) lost += clock.monotonic() - begun;
    },
  };
}
