import { isPlatformError, PlatformError } from '../errors.ts';
import type { Clock } from '../tools/ports.ts';
import { spell } from './duration.ts';
import type { AnySpec, Probe, ProbeResult, ProbeSample } from './types.ts';

type AnyProbe = NonNullable<AnySpec['ready']>[number];

export interface Probing {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The world to ask, for as long as the signal is not aborted. */
  readonly ctx: object;
  readonly output: unknown;
  /** Told of each change of reason, and once a minute. */
  sample(sample: ProbeSample): Promise<void>;
  /** Bounds the questions asked at a time. */
  limit<T>(call: () => Promise<T>): Promise<T>;
}

const firstPause = 1000;
const growth = 1.6;
const sampleEvery = 60_000;

/** Asks until enough answers in a row are `ready`. NOT_READY_IN_TIME names the last reason; `failed` is UNHEALTHY at once. Resolves early, without proof, when aborted. */
export async function awaitReady(probe: AnyProbe, probing: Probing): Promise<void> {
  const { clock, signal } = probing;
  const started = clock.monotonic();
  const deadline = started + probe.within;
  let pause = firstPause;
  let inARow = 0;
  let reason = '';
  let reasonSince = started;
  let sampledAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const answer = await ask(probe, probing, deadline);
    if (signal.aborted) return;
    const now = clock.monotonic();
    const because = answer.because ?? answer.is;
    const spoken = `${answer.is}: ${because}`;
    if (spoken !== reason) {
      reason = spoken;
      reasonSince = now;
      pause = firstPause;
      sampledAt = Number.NEGATIVE_INFINITY;
    }
    if (now - sampledAt >= sampleEvery) {
      sampledAt = now;
      await probing.sample({ probe: probe.name, is: answer.is, because, elapsed: now - started, within: probe.within });
    }
    if (answer.is === 'failed') throw unhealthy(probe, answer);
    inARow = answer.is === 'ready' ? inARow + 1 : 0;
    if (inARow >= (probe.count ?? 1)) return;
    if (now >= deadline) throw notReady(probe, `within ${spell(probe.within)}`, because);
    if (probe.noProgressFor !== undefined && now - reasonSince >= probe.noProgressFor) {
      throw notReady(probe, `and nothing changed for ${spell(probe.noProgressFor)}`, because);
    }
    await clock.sleep(Math.min(pause, probe.every, deadline - now), signal);
    pause = Math.min(pause * growth, probe.every);
  }
}

/** One answer. An error that may pass is a reason to wait; a question that never ends is cut off at the deadline. */
async function ask(
  probe: AnyProbe,
  { ctx, output, clock, limit, signal }: Probing,
  deadline: number,
): Promise<ProbeResult> {
  const answered = new AbortController();
  const late = clock
    .sleep(Math.max(0, deadline - clock.monotonic()) + firstPause, AbortSignal.any([answered.signal, signal]))
    .then((): ProbeResult => ({ is: 'waiting', because: 'the question was not answered' }));
  try {
    return await Promise.race([limit(() => (probe as Probe<object, unknown>).test(ctx as never, output)), late]);
  } catch (error) {
    const mayPass = isPlatformError(error) && (error.class !== 'permanent' || error.code === 'UNREACHABLE');
    if (!mayPass) throw error;
    return { is: 'waiting', because: error.message };
  } finally {
    // A reason of our own: the default one is an exception with a stack, made anew each time.
    answered.abort('answered');
  }
}

function unhealthy(probe: AnyProbe, answer: Extract<ProbeResult, { is: 'failed' }>): PlatformError {
  return new PlatformError('UNHEALTHY', {
    message: `${probe.name}: ${answer.because}`,
    ...(answer.next === undefined ? {} : { next: answer.next }),
    facts: { probe: probe.name },
  });
}

function notReady(probe: AnyProbe, when: string, because: string): PlatformError {
  return new PlatformError('NOT_READY_IN_TIME', {
    message: `${probe.name}: not ready ${when}; last reason: ${because}`,
    next: ['type the same command again to go on waiting', 'platform status'],
    facts: { probe: probe.name, within: probe.within },
  });
}
