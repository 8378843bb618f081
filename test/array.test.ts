import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableParameters } from '../generator/sizing/table.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { ENGINE_CASES } from './rtl/engine/cases.js';
import { engineVerilog, ROOT, runEngine } from './rtl/engine/icarus.js';
import { icarus, lacks, yosys } from './support/needs.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';

const directory = tempDirectory();

/** Compiles one module with parameters and simulates it without any stimulus. @returns what it printed */
function elaborate(top: string, parameters: Readonly<Record<string, number>>): string {
  const program = join(directory, `${top}.vvp`);
  execFileSync('iverilog', [
    ...['-g2005', '-Wall', '-s', top, '-o', program],
    ...Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`),
    ...engineVerilog(),
  ]);
  return execFileSync('vvp', ['-n', program]).toString();
}

/** The engine's Verilog with a fault in one file. */
function mutate(file: string, from: string, to: string): string[] {
  const original = engineVerilog().find((path) => basename(path) === file)!;
  const text = readFileSync(original, 'utf8');
  expect(text).toContain(from);
  const mutant = join(directory, file);
  writeFileSync(mutant, text.replace(from, to));
  return engineVerilog().map((path) => (path === original ? mutant : path));
}

describe('each module', () => {
  const folders = ['array', 'engine', 'frame', 'memory', 'link', 'control'].map((folder) => join(ROOT, 'rtl', folder));
  const modules = [...engineVerilog(), join(ROOT, 'rtl/sdq_core.v')];

  it('is clean for verilator -Wall as the top, with its default parameters', async () => {
    for (const file of modules) {
      const { output } = await lint({ files: [file], top: basename(file, '.v'), includeDirs: folders });
      expect(output).toBe('');
    }
  });

  it.skipIf(lacks(icarus))('is clean for Icarus -Wall as the top', () => {
    for (const file of modules) {
      const libraries = folders.flatMap((folder) => ['-y', folder]);
      const args = [
        '-g2005',
        '-Wall',
        '-s',
        basename(file, '.v'),
        '-o',
        join(directory, 'top.vvp'),
        ...libraries,
        file,
      ];
      const { stdout, stderr, status } = spawnSync('iverilog', args, { encoding: 'utf8' });
      expect({ file, stdout, stderr, status }).toEqual({ file, stdout: '', stderr: '', status: 0 });
    }
  });
});

describe.skipIf(lacks(icarus))('the ternary codecs', () => {
  it('agree with division by 3 for all 243 bytes', () => {
    const program = join(directory, 'codec.vvp');
    const bench = join(ROOT, 'test/rtl/array/codec_tb.v');
    execFileSync('iverilog', ['-g2005', '-s', 'codec_tb', '-o', program, ...engineVerilog(), bench]);
    expect(execFileSync('vvp', [program]).toString()).toBe('PASS\n');
  });
});

describe.skipIf(lacks(icarus))('the table engine', () => {
  const bench = join(ROOT, 'test/rtl/array/table_array_tb.v');

  /** Plays random work to an array. @returns what the bench printed */
  function runTables(lanes: number, rows: number, seed: number, verilog = engineVerilog()): string {
    const program = join(directory, `table-${lanes}.vvp`);
    const parameters = { LANES: lanes, ROWS: rows, ...tableParameters({ lanes, rows }) };
    execFileSync('iverilog', [
      ...['-g2005', '-Wall', '-s', 'table_array_tb', '-o', program],
      ...Object.entries(parameters).map(([name, value]) => `-Ptable_array_tb.${name}=${value}`),
      ...[...verilog, bench],
    ]);
    return execFileSync('vvp', [program, `+seed=${seed}`]).toString();
  }

  it.each([
    [4, 1],
    [8, 3],
    [16, 5],
    [32, 7],
  ])('of %i lanes and %i rows gives the sums of the products', (lanes, rows) => {
    for (const seed of [1, 2]) expect(runTables(lanes, rows, seed)).toBe('PASS\n');
  });

  it.each([
    ['sdq_table_array.v', "4'd1, 4'd7, 4'd10", "4'd1, 4'd7"],
    ['sdq_table_array.v', 'bank_q <= fill_bank_i', 'bank_q <= !fill_bank_i'],
    ['sdq_table_writer.v', 'if (clear_q)', "if (1'b0)"],
  ])('shows a fault in %s: "%s" as "%s"', (file, from, to) => {
    expect(runTables(8, 3, 1, mutate(file, from, to))).toMatch(/got .*\nFAIL/);
  });
});

describe('illegal parameters', () => {
  const illegal: readonly [string, Readonly<Record<string, number>>, RegExp][] = [
    ['sdq_mac_array', { LANES: 12 }, /g_illegal: LANES=12 LEVELS=3/],
    ['sdq_accumulator', { BANKS: 3 }, /g_illegal: BANKS=3 SLICES=1 SLICE_WIDTH=0/],
    ['sdq_result_reader', { UNITS: 5, UNIT_WIDTH: 3, RESULTS: 2 }, /g_illegal: UNITS=5 RESULTS=2 UNIT_WIDTH=3/],
    ['sdq_results', { UNITS: 2, RESULTS: 8, SLICE_WIDTH: 1 }, /g_illegal: UNITS=2 RESULTS=8 SLICE_WIDTH=1/],
    ['sdq_mac_array', { WEIGHT_BYTES: 9 }, /WEIGHT_BYTES=9/],
    ['sdq_table_array', { GROUPS: 4 }, /LANES=8 GROUPS=4/],
    ['sdq_weight_symbols', { STORED_WIDTH: 10 }, /STORED_WIDTH=10/],
    ['sdq_block_scale', { UNITS: 2 }, /ROWS=5 UNITS=2/],
    ['sdq_block_total', { TOTAL_WIDTH: 9 }, /TOTAL_WIDTH=9/],
    ['sdq_region_memory', { BYTES: 5 }, /BYTES=5/],
    ['sdq_ram_1r1w', { WORDS: 3 }, /WORDS=3/],
    ['sdq_sequencer', { SCHEDULE_WIDTH: 33 }, /SCHEDULE_WIDTH=33, fields sum up to 34/],
  ];

  it.skipIf(lacks(icarus)).each(illegal)('of %s %o are refused with their values', (top, parameters, message) => {
    expect(elaborate(top, parameters)).toMatch(message);
  });

  it.skipIf(lacks(yosys))('stop Yosys', () => {
    const script = 'chparam -set UNITS 2 sdq_block_scale; hierarchy -top sdq_block_scale; proc';
    const files = engineVerilog().join(' ');
    const { status, stderr } = spawnSync('yosys', ['-p', `read_verilog ${files}; ${script}`], { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/sdq_scale_phases.*finish/);
  });
});

/** Faults, each with the case that must show it. */
const FAULTS: readonly { file: string; from: string; to: string; shownBy: string }[] = [
  { file: 'sdq_adder_node.v', from: 'sign_o <= left_sign_i', to: "sign_o <= 1'b0", shownBy: 'one row, one column' },
  { file: 'sdq_mac_array.v', from: 'if (masked_q[l])', to: "if (1'b0)", shownBy: 'binary with tails, three units' },
  {
    file: 'sdq_accumulator.v',
    from: 'word_valid_q && word_addr_q == item_q',
    to: "1'b0",
    shownBy: 'one row group, one beat per block, one phase',
  },
  {
    file: 'sdq_accumulator.v',
    from: 'add_valid_q && add_addr_q == item_q',
    to: "1'b0",
    shownBy: 'one row group, one beat per block, two phases',
  },
  {
    file: 'sdq_accumulator.v',
    from: 'write_valid_q && write_addr_q == item_q',
    to: "1'b0",
    shownBy: 'one row group, three phases',
  },
  { file: 'sdq_block_total.v', from: 'sum << shift_i', to: 'sum', shownBy: 'tails and gains on 8 lanes' },
  { file: 'sdq_scale_unit.v', from: 'by_4_q >>> shift_1_i', to: 'by_4_q', shownBy: 'tails and gains on 8 lanes' },
  { file: 'sdq_result_reader.v', from: 'saturates ?', to: "1'b0 ?", shownBy: 'numbers at their limits, with gains' },
  { file: 'sdq_table_scale.v', from: 'if (first_i)', to: "if (1'b0)", shownBy: 'tables: one step per block, one unit' },
  {
    file: 'sdq_table_sequencer.v',
    from: 'spans_end ? final_group : last_group',
    to: 'last_group',
    shownBy: 'tables: several spans, numbers at their limits',
  },
  { file: 'sdq_sequencer.v', from: 'segment_end ?', to: "1'b0 ?", shownBy: 'tails and gains on 8 lanes' },
];

describe.skipIf(lacks(icarus))('a fault in the Verilog', () => {
  const target = { lutInputs: 6, memoryByteBits: 9 } as const;

  it.each(FAULTS)('is found: $file without "$from"', ({ file, from, to, shownBy }) => {
    const verilog = mutate(file, from, to);
    const engineCase = ENGINE_CASES.find(({ name }) => name === shownBy)!;
    const output = runEngine(directory, engineCase, target, uniform(7), { seed: 7, stall: 10, idle: 0, verilog });
    expect(output).toMatch(/FAIL\n$/);
    expect(output).toMatch(/^operation \d+ \([0-9a-f]+\), answer \d+ \([0-9a-f]+\): got /m);
  });
});
