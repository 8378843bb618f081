import { defineConfig } from 'vitest/config';

/** `npm run test:full`: proofs and synthesis. */
export default defineConfig({
  test: {
    include: ['test/full/*.test.ts'],
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
  },
});
