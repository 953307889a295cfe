import { isPlatformError } from '../../errors.ts';
import { seconds } from '../durations.ts';
import type { ReadContext } from '../kit.ts';
import { pauseAfter, stopIfAborted } from './wait.ts';

/** Errors of the service that may pass are believed after so many tries; throttling only when it has lasted this long. */
const tries = 5;
const longest = seconds(300);

/** What waiting needs of a step's world. */
type Waiting = Pick<ReadContext, 'clock' | 'signal' | 'note'>;

/** Asks again while the answer is only "not now". */
export async function askAgain<Answer>({ clock, signal, note }: Waiting, ask: () => Promise<Answer>): Promise<Answer> {
  const since = clock.monotonic();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isPlatformError(error) || error.class === 'permanent') throw error;
      const waited = clock.monotonic() - since;
      if (error.class === 'throttled' ? waited >= longest : attempt >= tries) throw error;
      note(`asking again: ${error.message}`);
      await clock.sleep(Math.max(500 * 2 ** Math.min(attempt - 1, 4), pauseAfter(waited)), signal);
      stopIfAborted(signal);
    }
  }
}

/** Estates that ask again already: who is patient with the patient waits for ever. */
const patients = new WeakSet<object>();

/**
 * The same world, whose looks at AWS are asked again while the answer is only "not now": a look takes many calls, and the tool's own three tries
 * would make one bad minute of AWS the end of a teardown.
 */
export function patient<World extends ReadContext>(ctx: World): World {
  const { aws, estate } = ctx;
  if (patients.has(estate)) return ctx;
  const again = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => askAgain(ctx, ask);
  const asked = over(estate, { list: (kind, scope) => again(() => estate.list(kind, scope)) });
  patients.add(asked);
  return {
    ...ctx,
    aws: over(aws, {
      caller: () => again(() => aws.caller()),
      bucket: (name) => again(() => aws.bucket(name)),
      object: (bucket, key) => again(() => aws.object(bucket, key)),
      instances: (clusterId) => again(() => aws.instances(clusterId)),
      instancesIn: (vpc) => again(() => aws.instancesIn(vpc)),
    }),
    estate: asked,
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
