import type { MemoryAws } from './memory-aws.ts';
import { keyOf, type Thing } from './thing.ts';

/** What everything that is not ours looks like, to compare afterwards. What AWS changes by itself (states, holders) is left out. */
export function photograph(aws: MemoryAws, of: (thing: Thing) => boolean): ReadonlyMap<string, string> {
  return new Map(
    aws
      .all()
      .filter(of)
      .map((thing) => {
        const { name, tags, unique, rules, record, objects } = thing;
        return [
          keyOf(thing),
          JSON.stringify({ name, tags, unique, rules, record, objects, protected: thing.protected }),
        ];
      }),
  );
}
