import { systemClock } from '../../src/tools/clock.ts';

/** Asks every 20 ms until the answer is there; fails, naming the question, after `within` milliseconds. */
export async function until<Answer>(
  question: string,
  ask: () => Answer | undefined | false | null | Promise<Answer | undefined | false | null>,
  within = 30_000,
): Promise<Answer> {
  const deadline = systemClock.monotonic() + within;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (systemClock.monotonic() > deadline) throw new Error(`not within ${within} ms: ${question}`);
    await systemClock.sleep(20);
  }
}
