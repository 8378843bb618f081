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
    // One more than there are cores: tests wait for boards at a baud rate, browsers and time-outs a fifth of their time.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
