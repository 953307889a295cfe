import { PlatformError } from '../errors.ts';
import type { Clock } from '../tools/ports.ts';
import { spell } from './duration.ts';

export interface Limits {
  readonly timeout: number;
  readonly noProgressFor?: number | undefined;
}

/** What a deadline does to the one who misses it. */
export interface Overdue {
  /** When something was last said; monotonic milliseconds. */
  lastProgress(): number;
  /** Asks politely. */
  stop(reason: PlatformError): void;
  /** Ends it, when asking did not help. */
  kill(): Promise<void>;
}

/** How long a polite request may take: Terraform saves its state, Ansible ends its task. */
const grace = 60_000;

/**
 * The result of a call, or a failure once it has worked too long or been silent too long. The call is asked to stop, and
 * after a minute killed; a result that it still gives in that time is taken.
 */
export async function withDeadline<T>(
  clock: Clock,
  limits: Limits,
  overdue: Overdue,
  call: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const work = call();
  const outcome = work.then(
    () => undefined,
    () => undefined,
  );
  try {
    const late = await Promise.race([outcome, firstMissed(clock, limits, overdue, over.signal)]);
    if (late === undefined) return await work;
    overdue.stop(late);
    const ended = outcome.then(() => true);
    if (!(await Promise.race([ended, clock.sleep(grace, over.signal).then(() => false)]))) {
      await overdue.kill();
      if (!(await Promise.race([ended, clock.sleep(grace / 12, over.signal).then(() => false)]))) throw late;
    }
    return await work.catch(() => {
      throw late;
    });
  } finally {
    over.abort('over');
  }
}

async function firstMissed(
  clock: Clock,
  limits: Limits,
  overdue: Overdue,
  over: AbortSignal,
): Promise<PlatformError | undefined> {
  const end = clock.monotonic() + limits.timeout;
  const silence = limits.noProgressFor ?? Number.POSITIVE_INFINITY;
  while (!over.aborted) {
    const now = clock.monotonic();
    const silentAt = overdue.lastProgress() + silence;
    if (now >= end) return missed(`it worked for more than ${spell(limits.timeout)}`, limits.timeout);
    if (now >= silentAt) return missed(`it said nothing for ${spell(silence)}`, silence);
    await clock.sleep(Math.min(end, silentAt) - now, over);
  }
  return undefined;
}

function missed(message: string, limit: number): PlatformError {
  return new PlatformError('STEP_FAILED', {
    message,
    next: ['look at its log (platform logs), then type the same command again: what it left is settled first'],
    facts: { deadline: limit, interrupted: true },
  });
}
