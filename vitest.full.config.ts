import { defineConfig } from 'vitest/config';
import config from './vitest.config.js';

/** `npm run test:full`: proofs and synthesis. */
export default defineConfig({
  test: {
    ...config.test,
    include: ['test/full/*.test.ts'],
    testTimeout: 1_800_000,
  },
});
