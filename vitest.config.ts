import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';
import { SkipSummary } from './test/support/skip-summary.js';

/** `npm test`. What takes minutes of its own lies in test/full; see vitest.full.config.ts. */
export default defineConfig({
  test: {
    include: ['test/*.test.ts'],
    globalSetup: 'test/support/set-up-verilator.ts',
    reporters: ['default', new SkipSummary()],
    sequence: { sequencer: LongestFirst },
    // All cores: Vitest itself would leave one free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
