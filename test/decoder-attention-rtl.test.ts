import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT, runBench } from './rtl/bench.js';
import { ATTENTION_CASES, attentionBench } from './rtl/decoder/attention.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const DECODER = join(ROOT, 'rtl/decoder');
const includeDirs = [DECODER, join(ROOT, 'rtl/memory')];

const MODULES = [
  'sdq_attention',
  'sdq_cache_walk',
  'sdq_dot_unit',
  'sdq_exp2',
  'sdq_mantissa_store',
  'sdq_matrix_walk',
  'sdq_mix_unit',
  'sdq_share',
  'sdq_shift_round',
  'sdq_wide_product',
];

/** Each seed is logged in the test's name. */
const SEED = 50;

describe('sdq_attention', () => {
  const folder = tempDirectory();

  ATTENTION_CASES.forEach((one, i) => {
    const { attention, values } = one.widths;
    const seed = SEED + i;
    const bench = attentionBench(folder, one, seed);

    it.skipIf(lacks(icarus))(`${one.name}: ${attention} products, ${values} values (seed ${seed})`, async () => {
      const { output } = await runBench(bench, { folder: join(folder, `${seed}`) });
      expect(output).toMatch(/^PASS \d+\n$/);
    });

    it(`is clean for verilator -Wall: ${one.name}`, async () => {
      const { COMMANDS, VECTORS, SCORES, LOGITS, PARAMETERS, ...params } = bench.parameters!;
      const { output } = await lint({ files: [join(DECODER, 'sdq_attention.v')], top: 'sdq_attention', includeDirs, params });
      expect(output).toBe('');
    });
  });
});
