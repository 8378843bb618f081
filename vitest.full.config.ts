import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import config from './vitest.config.js';

/** `npm run test:full`: proofs, mutants, synthesis, place and route, and whole models in simulation. */
export default defineConfig({
  test: {
    ...config.test,
    include: ['test/full/*.test.ts'],
    // Synthesis, place and route, and simulations keep the cores busy.
    maxWorkers: availableParallelism(),
    testTimeout: 1_800_000,
  },
});
