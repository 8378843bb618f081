import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileProgram } from '../generator/schedule/compile.js';
import { machineOf } from '../generator/schedule/machine.js';
import { parameterImage } from '../generator/schedule/parameters.js';
import { lint } from '../sim/verilator-bin/src/lint.js';
import { type Bench, ROOT, runBench } from './rtl/bench.js';
import { phaseBench, rootBench } from './rtl/decoder/norm-and-phase.js';
import { VECTOR_CASES, vectorCaseParameters, vectorUnitBench, vectorVerilog } from './rtl/decoder/vector-unit.js';
import { fabricateModel, fabricatePlan, llamaConfig } from './support/golden-models.js';
import { icarus, lacks, yosys } from './support/needs.js';
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

  it.each([
    ['sdq_vector_lane.v', 'rectify_i && added[31]', 'rectify_i && !added[31]', 4],
    ['sdq_vector_lane.v', "{30'd0, value_o[31]}", "31'd0", 3],
    ['sdq_vector_operand.v', "33'd4096", "33'd0", 0],
    ['sdq_result_words.v', "left == {{COUNT_WIDTH - 1{1'b0}}, 1'b1}", "1'b0", 3],
  ] as const)('shows a fault in %s: "%s" as "%s"', async (file, from, to, shownBy) => {
    const instead = join(directory, `fault-${file}`);
    mkdirSync(instead, { recursive: true });
    const source = readFileSync(join(ROOT, 'rtl/vector', file), 'utf8');
    expect(source).toContain(from);
    writeFileSync(join(instead, file), source.replace(from, to));
    const bench = vectorUnitBench(directory, VECTOR_CASES[shownBy]!);
    const { status } = await runBench(bench, { folder: join(instead, 'run'), instead, timeoutMs: 60_000 });
    expect(status).toBe('failed');
  });

  it.each([
    ['sdq_vector_unit', { VALUES: 3 }, /VALUES=3 VALUE_LOG=2/],
    ['sdq_vector_unit', { LENGTH_WIDTH: 12 }, /PARAMETER_ADDR_WIDTH=12 LENGTH_WIDTH=12/],
    ['sdq_vector_lane', { TOTAL_WIDTH: 18 }, /TOTAL_WIDTH=18/],
    ['sdq_round_shift', { LIFT: 10 }, /WIDTH=54 LIFT=10/],
    ['sdq_vector_walk', { WORD_WIDTH: 1 }, /WORD_WIDTH=1/],
    ['sdq_vector_peaks', { SEGMENTS: 9 }, /SEGMENTS=9 SEGMENT_WIDTH=3/],
    ['sdq_vector_moments', { VALUES: 5 }, /VALUES=5 LANE_WIDTH=2/],
    ['sdq_result_words', { RESULTS: 3 }, /VALUES=4 RESULTS=3/],
    ['sdq_root', { DIM: 16385 }, /DIM=16385/],
    ['sdq_phase', { LANE_PAIRS: 3 }, /PAIRS=8 PAIR_WIDTH=3 LANE_PAIRS=3/],
  ] as const)('%s %o is refused with its values', (top, parameters, message) => {
    const program = join(directory, `${top}.vvp`);
    const values = Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`);
    execFileSync('iverilog', ['-g2005', '-s', top, '-o', program, ...values, ...vectorVerilog()], { stdio: 'pipe' });
    expect(execFileSync('vvp', ['-n', program]).toString()).toMatch(message);
  });
});

describe('modules of the vector unit', () => {
  const modules = vectorVerilog().filter((file) => file.includes('rtl/vector'));

  it.each(modules.map((file) => basename(file, '.v')))('%s is clean for verilator -Wall', async (top) => {
    const { output } = await lint({ files: vectorVerilog(), top });
    expect(output).toBe('');
  });

  it.each(VECTOR_CASES)('so is the unit: $config.name, W = $values, D = $drain', async (vectorCase) => {
    const params = vectorCaseParameters(vectorCase);
    const { output } = await lint({ files: vectorVerilog(), top: 'sdq_vector_unit', params });
    expect(output).toBe('');
  });
});

describe.skipIf(lacks(yosys))('in Yosys', () => {
  it('the unit has no loops and no conflicting drivers', () => {
    const script = `read_verilog ${vectorVerilog().join(' ')}; hierarchy -check -top sdq_vector_unit; proc; check -assert`;
    expect(spawnSync('yosys', ['-q', '-p', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('shifts that the vector unit has not', () => {
  const plan = fabricatePlan(llamaConfig());
  const { model } = fabricateModel(plan, 1);
  const machine = machineOf(plan, { values: 4, attention: 8, drain: 1, banks: 2 });

  it('are refused in norms', () => {
    const norm = { ...model.finalNorm!, shift: -9 };
    expect(() => parameterImage({ ...model, finalNorm: norm }, machine)).toThrow(/a norm's weights want a shift by -9/);
  });

  it('are refused in embeddings', () => {
    const embedding = { ...model.embedding, exponent: -7 };
    expect(() => compileProgram({ ...model, embedding }, machine)).toThrow(/embeddings want a shift by -9/);
  });
});
