import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT, rtlFolders, runBench } from './rtl/bench.js';
import { tablesBench } from './rtl/decoder/tables.js';
import { wholeBench, wholeDesign } from './rtl/decoder/whole.js';
import { WHOLE_CASES } from './rtl/decoder/whole-cases.js';
import { DECODER } from './rtl/module-benches.js';
import { llamaConfig, optConfig } from './support/golden-models.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

// Of the others, which take longer, test/full has benches.
const FAST = [WHOLE_CASES[0]!, WHOLE_CASES[2]!];

describe.skipIf(lacks(icarus))('the whole decoder in Verilog', () => {
  const directory = tempDirectory();

  it.each(FAST)('computes the tokens and logits of the interpreter, when predicted: $config.name', async (one) => {
    const bench = wholeBench(directory, one, 11);
    const { status, output } = await runBench(bench, { folder: join(directory, bench.name.replaceAll(/\W+/g, '-')) });
    expect(status, output).toBe('passed');
  });
});

describe.skipIf(lacks(icarus))('what is between', () => {
  const directory = tempDirectory();
  const benches = [...DECODER.frame, ...[llamaConfig(), optConfig()].map((config) => tablesBench(directory, config))];

  it.each(benches.map((bench) => [bench.name, bench] as const))('works: %s', async (_, bench) => {
    const { status, output } = await runBench(bench, { folder: join(directory, bench.name.replaceAll(/\W+/g, '-')) });
    expect(status, output).toBe('passed');
  });

  it.each([
    ['sdq_frame_memory', { VALUES: 6, CUT_VALUES: 4 }, /VALUES=6 CUT_VALUES=4/],
    ['sdq_table_loader', { WORDS: 9, INDEX_WIDTH: 3 }, /WORDS=9 INDEX_WIDTH=3/],
    ['sdq_decoder', { BLOCK_ADDR_WIDTH: 6 }, /HEAD_WIDTH=2 BLOCK_ADDR_WIDTH=6 SEGMENT_WIDTH=3/],
  ] as const)('%s %o is refused with its values', (top, parameters, message) => {
    const program = join(directory, `${top}.vvp`);
    const values = Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`);
    const libraries = rtlFolders().flatMap((folder) => ['-y', folder]);
    const file = rtlFolders()
      .map((folder) => join(folder, `${top}.v`))
      .find(existsSync)!;
    execFileSync('iverilog', ['-g2005', '-s', top, '-o', program, ...values, ...libraries, file], { stdio: 'pipe' });
    expect(execFileSync('vvp', ['-n', program]).toString()).toMatch(message);
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
