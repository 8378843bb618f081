import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT, rtlFolders, runBench } from './rtl/bench.js';
import { wholeBench, wholeDesign } from './rtl/decoder/whole.js';
import { WHOLE_CASES } from './rtl/decoder/whole-cases.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

// Of the others, which take longer, test/full has benches.
const FAST = WHOLE_CASES.filter(({ alphabet }) => alphabet === 'ternary');

describe.skipIf(lacks(icarus))('the whole decoder in Verilog', () => {
  const directory = tempDirectory();

  it.each(FAST)('computes the tokens and logits of the interpreter, when predicted: $config.name', async (one) => {
    const bench = wholeBench(directory, one, 11);
    const { status, output } = await runBench(bench, { folder: join(directory, bench.name.replaceAll(/\W+/g, '-')) });
    expect(status, output).toBe('passed');
  });
});

describe('modules that join the decoder', () => {
  const files = rtlFolders()
    .slice(1)
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.v') && !file.includes('rtl/board'));
  const clean = async (top: string, params: Readonly<Record<string, number | string>>): Promise<void> => {
    const { output } = await lint({ files, top, params, includeDirs: [join(ROOT, 'rtl')] });
    expect(output).toBe('');
  };

  it.each(WHOLE_CASES)('are clean for verilator -Wall: $config.name', async (one) => {
    const { decoder, engine } = wholeDesign(one, 11);
    await clean('sdq_decoder', decoder);
    await clean('sdq_engine', engine);
  });

  it.each(['sdq_table_loader', 'sdq_frame_memory'])('so is %s by itself', async (top) => clean(top, {}));
});
