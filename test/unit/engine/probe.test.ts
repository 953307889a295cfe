import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../src/errors.ts';
import { awaitReady } from '../../../src/engine/probe.ts';
import type { ProbeResult, ProbeSample } from '../../../src/engine/types.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';

interface Settings {
  readonly every?: number;
  readonly within?: number;
  readonly count?: number;
  readonly noProgressFor?: number;
}

/** Asks a probe whose answers depend on the time; tells when it asked and what it said. */
async function probe(
  answer: (now: number) => ProbeResult | Promise<ProbeResult>,
  settings: Settings = {},
  abortAt = Number.POSITIVE_INFINITY,
) {
  const clock = new SimulatedClock();
  const asked: number[] = [];
  const samples: ProbeSample[] = [];
  const controller = new AbortController();
  if (Number.isFinite(abortAt)) clock.at(abortAt, () => controller.abort());
  const outcome = clock.drive(
    awaitReady(
      {
        name: 'api',
        every: 10_000,
        within: 300_000,
        ...settings,
        test: async () => {
          asked.push(clock.monotonic());
          return answer(clock.monotonic());
        },
      },
      {
        clock,
        signal: controller.signal,
        ctx: {},
        output: null,
        limit: (call) => call(),
        sample: async (sample) => void samples.push(sample),
      },
    ).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  return { error: await outcome, asked, samples, end: clock.monotonic() };
}

const waiting = (because: string): ProbeResult => ({ is: 'waiting', because });
const ready: ProbeResult = { is: 'ready' };

describe('a probe', () => {
  test('is asked at once, then after a second, growing by 1.6 up to its longest pause', async () => {
    const { asked, error } = await probe((now) => (now >= 40_000 ? ready : waiting('pods pending')));
    expect(error).toBeUndefined();
    const pauses = asked.slice(1).map((time, index) => Math.round(time - (asked[index] as number)));
    expect(asked[0]).toBe(0);
    expect(pauses).toEqual([1000, 1600, 2560, 4096, 6554, 10_000, 10_000, 10_000]);
  });

  test('is asked often again when its reason changes', async () => {
    const { asked } = await probe((now) =>
      now >= 40_000 ? ready : waiting(now < 30_000 ? 'no endpoints' : 'webhook refuses'),
    );
    const change = asked.findIndex((time) => time >= 30_000);
    expect(Math.round((asked[change + 1] as number) - (asked[change] as number))).toBe(1000);
  });

  test('C18: must hold as often in a row as it says', async () => {
    const { end } = await probe((now) => (now > 20_000 || now === 0 ? ready : waiting('restarting')), { count: 3 });
    expect(end).toBeGreaterThan(22_000);
  });

  test('says a change of reason, and once a minute that nothing changed', async () => {
    const { samples } = await probe((now) => (now >= 200_000 ? ready : waiting('still creating')));
    expect(samples.map(({ is }) => is)).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'ready']);
  });

  test('that is not ready in time says its last reason', async () => {
    const { error, end } = await probe(() => waiting('2 of 3 nodes'), { within: 60_000 });
    expect(error).toMatchObject({
      code: 'NOT_READY_IN_TIME',
      message: 'api: not ready within 1 min; last reason: 2 of 3 nodes',
    });
    expect(end).toBe(60_000);
  });

  test('without progress gives up earlier', async () => {
    const { error, end } = await probe(() => waiting('image cannot be pulled'), { noProgressFor: 30_000 });
    expect(error).toMatchObject({
      code: 'NOT_READY_IN_TIME',
      message: expect.stringContaining('nothing changed for 30 s'),
    });
    expect(end).toBeLessThan(41_000);
  });

  test('that says failed ends at once', async () => {
    const { error, end } = await probe(() => ({ is: 'failed', because: 'release failed', next: ['look'] }));
    expect(error).toMatchObject({ code: 'UNHEALTHY', next: ['look'] });
    expect(end).toBe(0);
  });

  test('whose question throws waits when that may pass, and fails otherwise', async () => {
    const throwing =
      (error: PlatformError) =>
      async (now: number): Promise<ProbeResult> => {
        if (now > 5000) return ready;
        throw error;
      };
    expect(
      (await probe(throwing(new PlatformError('UNREACHABLE', { message: 'connection refused' })))).samples[0],
    ).toMatchObject({ because: 'connection refused' });
    expect(
      (await probe(throwing(new PlatformError('AWS', { message: 'slow down', class: 'throttled' })))).error,
    ).toBeUndefined();
    expect(
      (await probe(throwing(new PlatformError('IDENTITY_MISMATCH', { message: 'other cluster' })))).error,
    ).toMatchObject({ code: 'IDENTITY_MISMATCH' });
  });

  test('whose question is never answered does not outlive its deadline', async () => {
    const { error } = await probe(() => new Promise(() => undefined), { within: 30_000 });
    expect(error).toMatchObject({
      code: 'NOT_READY_IN_TIME',
      message: expect.stringContaining('the question was not answered'),
    });
  });

  test('that is aborted ends at once, even in the middle of a question', async () => {
    const { error, end } = await probe(() => new Promise(() => undefined), {}, 5000);
    expect(error).toBeUndefined();
    expect(end).toBe(5000);
  });
});
