import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT, runBench } from './rtl/bench.js';
import { ATTENTION_CASES, attentionBench } from './rtl/decoder/attention.js';
import { icarus, lacks } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const decoder = join(ROOT, 'rtl/decoder');

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
      const files = [...['sdq_ram_1r1w.v', 'sdq_delay.v'].map((file) => join(ROOT, 'rtl/memory', file))];
      const modules = readdirSync(decoder).map((file) => join(decoder, file));
      const { output } = await lint({ files: [...files, ...modules], top: 'sdq_attention', params });
      expect(output).toBe('');
    });
  });
});
