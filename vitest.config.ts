import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/slowest-first.ts';

export default defineConfig({
  test: {
    projects: [
      // Safety nets only: what a test waits for it names by itself, and a busy machine is no failure.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 300_000 } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 900_000 } },
    ],
    sequence: { sequencer: SlowestFirst },
    maxWorkers: 2,
    maxConcurrency: 2,
  },
});
