import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBench } from './rtl/bench.js';
import { MODULE_BENCHES } from './rtl/module-benches.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

describe.skipIf(lacks(icarus))('modules against their definitions', () => {
  const folder = tempDirectory();

  it.each(MODULE_BENCHES)('$name, seed $plusargs.seed', async (bench) => {
    const work = join(folder, bench.name.replaceAll(/\W+/g, '-'));
    const { status, output } = await runBench(bench, { folder: work });
    expect(status, output).toBe('passed');
  });
});
