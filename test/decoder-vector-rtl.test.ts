import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bench, runBench } from './rtl/bench.js';
import { VECTOR_CASES, vectorUnitBench } from './rtl/decoder/icarus.js';
import { phaseBench, rootBench } from './rtl/decoder/norm-and-phase.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

describe.skipIf(lacks(icarus))('vector unit in Verilog against the interpreter', () => {
  const directory = tempDirectory();
  const run = async (bench: Bench): Promise<void> => {
    const { status, output } = await runBench(bench, { folder: join(directory, bench.name.replaceAll(/\W+/g, '-')) });
    expect(status, output).toBe('passed');
  };

  it.each(VECTOR_CASES)(
    'executes all its instructions: $config.name, W = $values, D = $drain, seed $seed, $stall % late',
    async (vectorCase) => run(vectorUnitBench(directory, vectorCase)),
  );

  it.each([
    [false, 1e-5],
    [false, 0],
    [true, 1e-5],
    [true, 0],
  ] as const)('makes the constants of norms: with a mean %s, epsilon %s', async (centered, epsilon) =>
    run(rootBench(directory, centered, epsilon, 21)),
  );

  it.each([2, 4, 8])('turns to positions of all lengths, W = %s', async (values) =>
    run(phaseBench(directory, values, 31)),
  );
});
