import { isPlatformError } from '../../errors.ts';
import { seconds } from '../durations.ts';
import type { ReadContext } from '../kit.ts';
import { pauseAfter, stopIfAborted } from './wait.ts';

/** Errors of the service that may pass are believed after so many tries; throttling only when it has lasted this long. */
const tries = 5;
const longest = seconds(300);

/**
 * The same world, whose looks at AWS are asked again while the answer is only "not now": a look takes many calls, and the tool's own three tries
 * would make one bad minute of AWS the end of a teardown.
 */
export function patient<World extends ReadContext>(ctx: World): World {
  const again = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    const since = ctx.clock.monotonic();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!isPlatformError(error) || error.class === 'permanent') throw error;
        const waited = ctx.clock.monotonic() - since;
        if (error.class === 'throttled' ? waited >= longest : attempt >= tries) throw error;
        ctx.note(`asking again: ${error.message}`);
        await ctx.clock.sleep(Math.max(500 * 2 ** Math.min(attempt - 1, 4), pauseAfter(waited)), ctx.signal);
        stopIfAborted(ctx.signal);
      }
    }
  };
  const { aws, estate } = ctx;
  return {
    ...ctx,
    aws: over(aws, {
      caller: () => again(() => aws.caller()),
      object: (bucket, key) => again(() => aws.object(bucket, key)),
      instances: (clusterId) => again(() => aws.instances(clusterId)),
    }),
    estate: over(estate, { list: (kind, scope) => again(() => estate.list(kind, scope)) }),
  };
}

/** A port with some of its calls replaced; the others stay as they are, wherever they are defined. */
const over = <Port extends object>(port: Port, calls: Partial<Port>): Port =>
  new Proxy(port, {
    get: (target, name) => {
      if (name in calls) return Reflect.get(calls, name) as unknown;
      const found = Reflect.get(target, name) as unknown;
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
