/** Benches of the vector unit's norm constants and rotary phases, with what the interpreter and the tables give. */

import { join } from 'node:path';
import { machineOf } from '../../../generator/schedule/machine.js';
import { vectorConstants, vectorParameters } from '../../../generator/schedule/vector.js';
import { MachineState } from '../../../sim/golden/machine/state.js';
import { VectorUnit } from '../../../sim/golden/machine/vector-unit.js';
import { buildTables, rotation } from '../../../sim/golden/tables.js';
import { fabricatePlan, llamaConfig, optConfig } from '../../support/golden-models.js';
import { Random } from '../../support/golden-random.js';
import { type Bench, ROOT } from '../bench.js';
import { hexFile } from '../hex-file.js';
import { packed, tableEntries } from './files.js';

const NORMS = 400;

/** Constants of norms: sums of all lengths, as MOMENTS can leave them. */
export function rootBench(folder: string, centered: boolean, normEps: number, seed: number): Bench {
  const config = { ...(centered ? optConfig() : llamaConfig()), normEps };
  const plan = fabricatePlan(config);
  const machine = machineOf(plan, { values: 4, attention: 8, drain: 1, banks: 2 });
  const tables = buildTables(config);
  const state = new MachineState(machine, new Uint8Array(machine.parameters.bytes));
  const none = (): never => {
    throw new Error('ROOT takes no results');
  };
  const unit = new VectorUnit(machine, tables, state, none, none);
  const random = new Random(seed);
  const { dim } = config;
  const [sums, wanted]: [bigint[], bigint[]] = [[], []];
  for (let i = 0; i < NORMS; i++) {
    // Values v of some mean and some spread.
    const size = 2 ** random.integer(0, 15);
    const mean = random.sign() * random.integer(0, size);
    const spread = random.integer(0, size - Math.abs(mean));
    const v = Array.from({ length: dim }, () => mean + random.integer(-spread, spread));
    const sum = v.reduce((all, each) => all + each, 0);
    const squares = v.reduce((all, each) => all + each * each, 0);
    Object.assign(state, { sum, squares, pre: random.integer(0, 16) });
    unit.execute({ opcode: 'ROOT', wait: [], fields: {} });
    const record = (high: number, middle: number, low: number): bigint =>
      (BigInt.asUintN(64, BigInt(high)) << 96n) | (BigInt(middle) << 32n) | BigInt.asUintN(32, BigInt(low));
    sums.push(record(sum, squares, state.pre));
    wanted.push(record(state.offset, state.mantissa, state.down));
  }
  const name = join(folder, `root-${config.architecture}-${normEps}-${seed}`);
  hexFile(
    `${name}.tables`,
    Array.from(tables.reciprocalRoot, (entry, i) => packed([entry, 256 + i], 32)),
  );
  hexFile(`${name}.sums`, sums);
  hexFile(`${name}.wanted`, wanted);
  const { DIM, CENTERED, SUM_WIDTH, SQUARES_WIDTH } = vectorParameters(machine, plan);
  return {
    name: `root_tb, ${config.architecture}, eps ${normEps}`,
    top: 'root_tb',
    sources: [join(ROOT, 'test/rtl/decoder/root_tb.v')],
    parameters: { NORMS, DIM: DIM!, CENTERED: CENTERED!, SUM_WIDTH: SUM_WIDTH!, SQUARES_WIDTH: SQUARES_WIDTH! },
    defines: vectorConstants(machine),
    plusargs: { name },
  };
}

/** Rotary phases at positions of all lengths. */
export function phaseBench(folder: string, values: number, seed: number): Bench {
  const config = llamaConfig();
  const tables = buildTables(config);
  const random = new Random(seed);
  const pairs = config.headDim / 2;
  // Powers of two meet the ends of quarters.
  const powers = Array.from({ length: 20 }, (_, i) => 2 ** i);
  const positions = [0, ...powers, ...Array.from({ length: 60 }, () => random.ofAnyLength(20))];
  const wanted = positions.flatMap((position) =>
    Array.from({ length: pairs }, (_, pair) => {
      const { cos, sin } = rotation(tables, position, pair);
      return packed([cos, sin], 16);
    }),
  );
  const name = join(folder, `phase-${values}`);
  const entries = tableEntries(tables);
  hexFile(`${name}.tables`, entries);
  hexFile(`${name}.positions`, positions.map(BigInt));
  hexFile(`${name}.wanted`, wanted);
  const plan = fabricatePlan(config);
  const unit = vectorParameters(machineOf(plan, { values, attention: 8, drain: 1, banks: 2 }), plan);
  return {
    name: `phase_tb, W = ${values}`,
    top: 'phase_tb',
    sources: [join(ROOT, 'test/rtl/decoder/phase_tb.v')],
    parameters: {
      ...{ TURNS: positions.length, TABLE_ENTRIES: entries.length, PAIRS: pairs, LANE_PAIRS: values / 2 },
      ...{ PAIR_WIDTH: unit.PAIR_WIDTH!, WORD_WIDTH: unit.TURN_WIDTH!, POSITION_WIDTH: 20 },
    },
    plusargs: { name },
  };
}
