import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileFixture, fixtureVerilog, STRESS } from '../rtl/link/fixture.js';
import { range } from '../support/fault-runs.js';
import { fuzzHost, fuzzLink, fuzzParser } from '../support/link-fuzz.js';
import { tempDirectory } from '../support/temp.js';

const LEAST_BYTES = 1_000_000;
const PIECES = range(1001, 1022);

describe('a million random bytes', () => {
  it("leave the link's Verilog able to answer, and write nothing", async () => {
    const executable = await compileFixture(STRESS);
    const fed = PIECES.reduce((sum, seed) => sum + fuzzLink(executable, seed), 0);
    expect(fed).toBeGreaterThan(LEAST_BYTES);
    const decoder = await compileFixture(STRESS, { params: { STEPS: 1 } });
    const stepped = PIECES.reduce((sum, seed) => sum + fuzzLink(decoder, seed, true), 0);
    expect(stepped).toBeGreaterThan(LEAST_BYTES);
  });

  it("leave the host's parser able to read", () => {
    expect(PIECES.reduce((sum, seed) => sum + fuzzParser(seed), 0)).toBeGreaterThan(LEAST_BYTES);
  });

  it('end sessions with a typed error at the worst', async () => {
    let used = 0;
    for (const seed of PIECES) used += await fuzzHost(seed, seed % 2 === 0);
    expect(used).toBeGreaterThan(LEAST_BYTES);
  });

  it('are seen to fail with Verilog that takes broken COBS', async () => {
    const name = 'sdq_frame_rx.v';
    const source = fixtureVerilog().find((file) => basename(file) === name)!;
    const text = readFileSync(source, 'utf8');
    const broken = join(tempDirectory(), name);
    expect(text).toContain('item_error || overlong_q');
    writeFileSync(broken, text.replace('item_error || overlong_q', 'overlong_q'));
    const verilog = fixtureVerilog().map((file) => (file === source ? broken : file));
    const executable = await compileFixture(STRESS, { verilog });
    expect(() => {
      for (const seed of [1, 2, 3, 4, 5, 6]) fuzzLink(executable, seed);
    }).toThrow('fuzz of the link');
  });
});
