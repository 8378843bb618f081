import { defineConfig } from 'vitest/config';

/** `npm test`. What takes minutes of its own lies in test/full; see vitest.full.config.ts. */
export default defineConfig({
  test: {
    include: ['test/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
