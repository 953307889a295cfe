import type { Check } from './check.ts';

/** Everything that can be known to be wrong before money is spent, cheapest first. */
export const checks: readonly Check[] = [];
