import type { EstateScope } from '../../ports-estate.ts';

/** By look, what was asked in it. A look that nobody knows any more is forgotten with its answers. */
const answers = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * Asks once in the look of this scope, and gives every later listing of the same look that answer: it is as old as the look at most. A scope without a look
 * asks each time. What fails is asked again by whoever comes next. `question` says all that the answer depends on.
 */
export function onceInLook<Answer>(
  { look }: Pick<EstateScope, 'look'>,
  question: string,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  if (look === undefined) return ask();
  const known = answers.get(look) ?? new Map<string, Promise<unknown>>();
  answers.set(look, known);
  const before = known.get(question);
  if (before !== undefined) return before as Promise<Answer>;
  const asked = ask().catch((error: unknown) => {
    known.delete(question);
    throw error;
  });
  known.set(question, asked);
  return asked;
}
