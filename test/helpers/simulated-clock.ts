import type { Clock } from '../../src/tools/ports.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  fire(): void;
}

/** Time that passes only when everybody waits for it. */
export class SimulatedClock implements Clock {
  #now = 0;
  #order = 0;
  #timers: Timer[] = [];

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(duration: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = this.at(this.#now + Math.max(0, duration), resolve);
      signal?.addEventListener(
        'abort',
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  /** Calls back at a time; tells how to call it off. */
  at(time: number, fire: () => void): () => void {
    const timer: Timer = { at: time, order: this.#order++, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Lets time pass until the promise settles. Fails when nobody waits for time any more and it still has not. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    for (;;) {
      // A turn of the event loop empties the queue of promises.
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return promise;
      if (!this.advance()) throw new Error('stuck: nothing is waited for, and the promise has not settled');
    }
  }

  /** Lets time pass to the next timer; false when there is none. */
  advance(): boolean {
    const next = this.#timers.reduce<Timer | undefined>(
      (first, timer) =>
        first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)
          ? timer
          : first,
      undefined,
    );
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = Math.max(this.#now, next.at);
    next.fire();
    return true;
  }
}
