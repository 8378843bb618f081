import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBench } from '../rtl/bench.js';
import { wholeBench } from '../rtl/decoder/whole.js';
import { WHOLE_CASES } from '../rtl/decoder/whole-cases.js';
import { icarus, lacks } from '../support/needs.js';
import { tempDirectory } from '../support/temp.js';

describe.skipIf(lacks(icarus))('the whole decoder in Verilog', () => {
  const directory = tempDirectory();

  it.each(WHOLE_CASES)(
    'computes the tokens and logits of the interpreter, when predicted: $config.name',
    async (one) => {
      const bench = wholeBench(directory, one, 23);
      const { status, output } = await runBench(bench, { folder: join(directory, bench.name.replaceAll(/\W+/g, '-')) });
      expect(status, output).toBe('passed');
    },
  );
});
