/** Milliseconds with their unit in the name: budgets in steps read like a runbook. */
export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => count * 60_000;
