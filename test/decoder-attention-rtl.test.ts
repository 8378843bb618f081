import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ROOT, runBench } from './rtl/bench.js';
import { ATTENTION_CASES, attentionBench } from './rtl/decoder/attention.js';
import { icarus, lacks, yosys } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const ATTENTION = join(ROOT, 'rtl/attention');
const includeDirs = [ATTENTION, join(ROOT, 'rtl/memory'), join(ROOT, 'rtl/vector')];

const MODULES = [
  'sdq_attention',
  'sdq_cache_walk',
  'sdq_dot_unit',
  'sdq_exp2',
  'sdq_mantissa_store',
  'sdq_matrix_walk',
  'sdq_mix_unit',
  'sdq_share',
  'sdq_wide_product',
];

/** Each seed is logged in the test's name. */
const SEED = 50;

/** Faults, each with the part of a case's name that must show it. */
const FAULTS = [
  { file: 'sdq_cache_walk', from: 'k * GROUP', to: 'k', shownBy: 'grouped heads' },
  { file: 'sdq_cache_walk', from: 'if (chunk_first) place_o', to: 'if (chunk_last) place_o', shownBy: 'grouped heads' },
  { file: 'sdq_dot_unit', from: "- {5'd0, key_exponent_q}", to: '', shownBy: 'a word a head' },
  { file: 'sdq_dot_unit', from: 'rises = first ||', to: 'rises = !first ||', shownBy: 'a word a head' },
  { file: 'sdq_dot_unit', from: 'score_ready && matrix_ready', to: 'score_ready', shownBy: 'a word a head' },
  { file: 'sdq_dot_unit', from: '|amount_5_q[9:6]', to: "1'b0", shownBy: 'left shifts' },
  { file: 'sdq_exp2', from: '|steps_q[27:15]', to: '|steps_q[27:16]', shownBy: 'grouped heads' },
  {
    file: 'sdq_matrix_walk',
    from: 'busy_q && !pause_i && !fetch_q',
    to: 'busy_q && !fetch_q',
    shownBy: 'a word a head',
  },
  { file: 'sdq_matrix_walk', from: 'row_last || value_part_q', to: 'value_part_q', shownBy: 'left shifts' },
  { file: 'sdq_mix_unit', from: "most_of_all ? {value[7:0], 8'd0} :", to: '', shownBy: 'a word a head' },
  { file: 'sdq_mix_unit', from: "down_q > 5'd16", to: "down_q > 5'd17", shownBy: 'grouped heads' },
  { file: 'sdq_share', from: "{1'b0, spare_6}", to: "7'd0", shownBy: 'a longer context' },
  { file: 'sdq_attention', from: 'position_0 ||', to: '', shownBy: 'grouped heads' },
  { file: 'sdq_attention', from: 'earlier_read ? earlier :', to: '', shownBy: 'grouped heads' },
  { file: 'sdq_mix_unit', from: 'most_place_o <= place_2 +', to: 'most_place_o <=', shownBy: 'grouped heads' },
] as const;

describe('sdq_attention', () => {
  const folder = tempDirectory();

  it.each(MODULES)('%s is clean for verilator -Wall as the top, with its default parameters', async (top) => {
    const { output } = await lint({ files: [join(ATTENTION, `${top}.v`)], top, includeDirs });
    expect(output).toBe('');
  });

  it.skipIf(lacks(icarus)).each(MODULES)('%s is clean for Icarus -Wall', (top) => {
    const libraries = includeDirs.flatMap((directory) => ['-y', directory]);
    const args = [
      '-g2005',
      '-Wall',
      '-s',
      top,
      '-o',
      join(folder, 'top.vvp'),
      ...libraries,
      join(ATTENTION, `${top}.v`),
    ];
    const { stdout, stderr, status } = spawnSync('iverilog', args, { encoding: 'utf8' });
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  it.skipIf(lacks(yosys))('is read by Yosys', () => {
    const files = includeDirs.map((directory) => `${directory}/*.v`).join(' ');
    const script = `read_verilog ${files}; hierarchy -check -top sdq_attention; proc; check -assert`;
    const { status, stdout, stderr } = spawnSync('yosys', ['-q', '-p', script], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.skipIf(lacks(icarus)).each([
    ['sdq_attention', { VALUES: 3 }, /LANES=4 VALUES=3/],
    ['sdq_cache_walk', { CONTEXT: 17 }, /CONTEXT=17/],
    ['sdq_dot_unit', { DOT_WIDTH: 32 }, /DOT_WIDTH=32/],
    ['sdq_dot_unit', { LEVELS: 3 }, /LANES=4 LEVELS=3/],
    ['sdq_matrix_walk', { SCALES: 8 }, /SCALES=8/],
    ['sdq_mantissa_store', { GROUPS: 3 }, /GROUPS=3 GROUP_WIDTH=1/],
    ['sdq_mix_unit', { SPARE_WIDTH: 2 }, /SPARE_WIDTH=2/],
    ['sdq_share', { SUM_WIDTH: 26 }, /SUM_WIDTH=26 SPARE_WIDTH=3/],
    ['sdq_wide_product', { B_WIDTH: 18 }, /B_WIDTH=18/],
  ] as const)('%s refuses %o with their values', (top, parameters, message) => {
    const program = join(folder, 'illegal.vvp');
    const options = Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`);
    const libraries = includeDirs.flatMap((directory) => ['-y', directory]);
    const args = ['-g2005', '-s', top, '-o', program, ...options, ...libraries, join(ATTENTION, `${top}.v`)];
    const compiled = spawnSync('iverilog', args, { encoding: 'utf8' });
    const ran = spawnSync('vvp', ['-n', program], { encoding: 'utf8' });
    expect(compiled.stderr + ran.stdout).toMatch(message);
  });

  it.skipIf(lacks(icarus)).each(FAULTS)(
    'shows a fault in $file: "$from" as "$to"',
    async ({ file, from, to, shownBy }) => {
      const text = readFileSync(join(ATTENTION, `${file}.v`), 'utf8');
      expect(text).toContain(from);
      const at = FAULTS.findIndex((fault) => fault.file === file && fault.from === from);
      const instead = join(folder, `fault-${at}`);
      mkdirSync(instead);
      writeFileSync(join(instead, `${file}.v`), text.replace(from, to));
      const index = ATTENTION_CASES.findIndex(({ name }) => name.includes(shownBy));
      const bench = attentionBench(instead, ATTENTION_CASES[index]!, SEED + index);
      const { status, output } = await runBench(bench, { folder: join(instead, 'work'), instead });
      expect(status, output).toBe('failed');
      expect(output).toMatch(/wanted .*FAIL\n$/s);
    },
  );

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
      const { output } = await lint({
        files: [join(ATTENTION, 'sdq_attention.v')],
        top: 'sdq_attention',
        includeDirs,
        params,
      });
      expect(output).toBe('');
    });
  });
});
