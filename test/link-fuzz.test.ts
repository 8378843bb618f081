import { describe, it } from 'vitest';
import { compileFixture, STRESS } from './rtl/link/fixture.js';
import { fuzzHost, fuzzLink, fuzzParser } from './support/link-fuzz.js';

// The whole of it is in test/full/link-fuzz.test.ts.
describe('random bytes', () => {
  it("leave the link's Verilog able to answer, and write nothing", async () => {
    const executable = await compileFixture(STRESS);
    for (const seed of [1, 2, 3]) fuzzLink(executable, seed);
    const decoder = await compileFixture(STRESS, { params: { STEPS: 1 } });
    for (const seed of [4, 5, 6]) fuzzLink(decoder, seed, true);
  });

  it("leave the host's parser able to read", () => {
    for (const seed of [1, 2, 3, 4]) fuzzParser(seed);
  });

  it('end a session with a typed error at the worst', async () => {
    for (const seed of [1, 2]) await fuzzHost(seed);
    for (const seed of [3, 4]) await fuzzHost(seed, true);
  });
});
