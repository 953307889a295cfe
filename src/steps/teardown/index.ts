import type { Step } from '../../engine/types.ts';

/** A teardown, from a platform to nothing. Read it top to bottom; the edges are in each step's `needs`. */
export const teardown: readonly Step<unknown>[] = [];
