/**
 * npm run bench -- decoder: predicted cycles of a token of the decoder on the device, and the share of them in which its
 * array is busy: a model in the shape of stories15M on an array of at least 256 symbols per cycle, and stories260K on
 * ulx3s-85f at position 255; with the head in SDQ, and int8. `npm run bench -- decoder list` prints the programs as well,
 * `npm run bench -- decoder utilisation` simulates a token of some of the large ones in Verilog, with random weights in
 * memories that answer at once.
 */

import { loadBoard } from '../generator/boards/node/load.js';
import { decoderSchedule } from '../generator/cli/decoder-schedule.js';
import type { ModelConfig } from '../generator/model/types.js';
import { planHead, planLinears } from '../generator/plan/build-plan.js';
import type { Alphabet, Plan, PlanArray } from '../generator/plan/types.js';
import { drawSigns } from '../generator/quantize/signs.js';
import { compileProgram, modelOfPlan } from '../generator/schedule/compile.js';
import { assemble } from '../generator/schedule/instructions.js';
import { type MachineWidths, machineOf, memoryBits } from '../generator/schedule/machine.js';
import { tokenTime, unitCycles } from '../generator/schedule/timing.js';
import { sizeArray } from '../generator/sizing/array.js';
import { engineGeometry } from '../generator/sizing/geometry.js';
import { memoryMap } from '../generator/sizing/memory.js';
import { usefulSymbols } from '../generator/sizing/shape.js';
import { STORIES, STORIES260K } from './support/decoder-units.js';
import { simulateToken } from './support/decoder-utilisation.js';

const STORIES15M: ModelConfig = {
  ...STORIES,
  name: 'shape of stories15M',
  dim: 288,
  hidden: 768,
  layers: 6,
  heads: 6,
  kvHeads: 6,
  headDim: 48,
  vocab: 32000,
  context: 256,
  embedDim: 288,
};

/** Of the patterns by which vectors are framed. */
const SIGN_SEED = 1;

interface Case {
  readonly config: ModelConfig;
  readonly alphabet: Alphabet;
  readonly osr: number;
  readonly position: number;
  readonly array: PlanArray | null;
  readonly headOnArray: boolean;
  readonly widths: MachineWidths;
  /** Scale units, if not as sizing has it: as many as give D results at once and keep short blocks from waiting for them. */
  readonly units?: number;
  /** By `utilisation`. */
  readonly simulated?: boolean;
}

const WIDE = { config: STORIES15M, position: 100, headOnArray: true } as const;
const SMALL = {
  config: STORIES260K,
  alphabet: 'ternary',
  osr: 2,
  position: 255,
  array: null,
  headOnArray: false,
} as const;

const TERNARY = { ...WIDE, alphabet: 'ternary', osr: 2, array: { lanes: 32, rows: 10, frame: 32 } } as const;

const CASES: readonly Case[] = [
  { ...TERNARY, widths: { values: 8, attention: 8, drain: 1, banks: 1 } },
  { ...TERNARY, widths: { values: 8, attention: 8, drain: 1, banks: 2 } },
  { ...TERNARY, widths: { values: 8, attention: 24, drain: 1, banks: 2 } },
  { ...TERNARY, widths: { values: 8, attention: 24, drain: 2, banks: 2 }, units: 10, simulated: true },
  { ...TERNARY, widths: { values: 16, attention: 48, drain: 2, banks: 2 }, units: 10 },
  { ...TERNARY, osr: 2.5, widths: { values: 8, attention: 24, drain: 2, banks: 2 }, units: 10 },
  {
    ...{ ...TERNARY, osr: 2.5, array: { lanes: 16, rows: 20, frame: 32 }, units: 20 },
    widths: { values: 8, attention: 24, drain: 4, banks: 2 },
  },
  {
    ...{ ...WIDE, alphabet: 'binary', osr: 2, array: { lanes: 32, rows: 8, frame: 32 }, units: 8, simulated: true },
    widths: { values: 8, attention: 24, drain: 8, banks: 2 },
  },
  { ...TERNARY, headOnArray: false, widths: { values: 8, attention: 24, drain: 2, banks: 2 }, units: 10 },
  { ...SMALL, widths: { values: 2, attention: 2, drain: 1, banks: 2 } },
  { ...SMALL, widths: { values: 2, attention: 4, drain: 1, banks: 2 } },
  { ...SMALL, widths: { values: 4, attention: 8, drain: 1, banks: 2 } },
  { ...SMALL, widths: { values: 4, attention: 8, drain: 1, banks: 1 } },
  { ...SMALL, widths: { values: 8, attention: 8, drain: 1, banks: 2 } },
  { ...SMALL, headOnArray: true, widths: { values: 4, attention: 8, drain: 1, banks: 1 } },
];

/** @param what `list`: prints programs too; `utilisation`: simulates, see above */
export async function main(what = ''): Promise<void> {
  const simulates = what === 'utilisation';
  for (const one of simulates ? CASES.filter(({ simulated }) => simulated) : CASES) {
    report(one, what === 'list');
    if (simulates) await simulateToken(planOf(one), one.widths, one.units, one.position);
  }
}

function report(one: Case, list: boolean): void {
  const { config, widths, position, units: scaling } = one;
  const plan = planOf(one);
  const machine = machineOf(plan, widths);
  const program = compileProgram(modelOfPlan(plan), machine);
  const geometry = engineGeometry(plan, null, scaling);
  const time = tokenTime(program, machine, plan, geometry, position);
  const units = unitCycles(time, program);
  const { lanes, rows, frame } = plan.array;
  const useful = plan.linears.reduce((sum, linear) => sum + usefulSymbols(linear), 0);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const { encoding } = assemble(program, machine, plan);
  console.log(
    `${config.name}, ${one.alphabet}, OSR ${one.osr}, head ${one.headOnArray ? 'on the array' : 'int8'}, position ${position}; ` +
      `array ${lanes} × ${rows}, ${geometry.units} scale units, frame unit ${frame}; W ${widths.values}, A ${widths.attention}, D ${widths.drain}, banks ${widths.banks}`,
  );
  console.log(
    `  ${time.cycles} cycles per token; useful symbols / (cycles · L · R) ${percent(useful / (time.cycles * lanes * rows))}; ` +
      `beats in ${percent(time.beats / time.cycles)} of the cycles, array occupied in ${percent(time.occupied / time.cycles)}`,
  );
  console.log(
    `  busy: vector unit ${percent(units.vector / time.cycles)}, dot unit ${percent(units.dot / time.cycles)}, ` +
      `mix unit ${percent(units.mix / time.cycles)}; for 1000 tokens/s ${(time.cycles / 1000).toFixed(1)} MHz`,
  );
  const engine = Object.values(plan.memory).reduce((sum, { words, wordBytes }) => sum + 8 * words * wordBytes, 0);
  const memories = Object.entries({ engine, ...memoryBits(machine) }).map(
    ([name, bits]) => `${name} ${(bits / 1024).toFixed(0)}`,
  );
  console.log(
    `  program ${program.instructions.length} words of ${encoding.word} bits; memories in Kbit: ${memories.join(', ')}\n`,
  );
  if (list) console.log(`${decoderSchedule(program, time, position).text}\n`);
}

function planOf({ config, alphabet, osr, array, headOnArray }: Case): Plan {
  const options = { alphabet, frame: 'hadamard', block: null, placement: 'linear' } as const;
  const layers = planLinears(config, options, () => osr);
  const linears = headOnArray ? [...layers, ...planHead(config, layers[0]!, osr)] : layers;
  const sized = array ?? sizeArray(layers, loadBoard('ulx3s-85f'));
  const size: PlanArray = sized.frame === undefined ? { ...sized, frame: 8 } : sized;
  return {
    format: 'sdq-plan/1',
    generator: 'bench',
    model: config,
    board: 'sim',
    placement: 'decoder',
    signs: drawSigns(SIGN_SEED, Math.max(...linears.map(({ gainShifts }) => gainShifts.length)), linears[0]!.block),
    linears,
    array: size,
    memory: memoryMap(linears, size),
  };
}
