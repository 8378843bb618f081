/** Programs and their predicted times, for the bench of sdq_issue. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_TEMPLATE, renderProgram } from '../../../generator/emit/render-program.js';
import type { ModelConfig } from '../../../generator/model/types.js';
import type { Plan } from '../../../generator/plan/types.js';
import { compileProgram } from '../../../generator/schedule/compile.js';
import { issueParameters, memoryParameters, sequencerParameters } from '../../../generator/schedule/hardware.js';
import {
  type Assembly,
  assemble,
  type FieldName,
  opcodeNumber,
  type Program,
  UNITS,
  unitOf,
} from '../../../generator/schedule/instructions.js';
import { type Machine, type MachineWidths, machineOf } from '../../../generator/schedule/machine.js';
import {
  arrayTimes,
  drainCycles,
  type Execution,
  takesResults,
  tokenTime,
  unitTime,
} from '../../../generator/schedule/timing.js';
import { engineGeometry } from '../../../generator/sizing/geometry.js';
import { memoryMap } from '../../../generator/sizing/memory.js';
import {
  fabricateModel,
  fabricatePlan,
  llamaConfig,
  optConfig,
  optPostNormConfig,
} from '../../support/golden-models.js';
import { type Bench, ROOT } from '../bench.js';

export interface AssembledDecoder {
  readonly plan: Plan;
  readonly machine: Machine;
  readonly program: Program;
  readonly assembly: Assembly;
}

/** A made-up model's decoder on an array with a frame unit. @param headRows groups of the head's rows; none: it is int8 */
export function assembledDecoder(
  config: ModelConfig,
  widths: MachineWidths,
  headRows: readonly number[] = [],
): AssembledDecoder {
  const fabricated = fabricatePlan(config);
  const array = { ...fabricated.array, frame: 4 };
  const head = headRows.map((rows, i) => ({
    ...fabricated.linears[0]!,
    name: `lm_head.${i}`,
    layer: config.layers,
    role: 'lm_head' as const,
    rows,
  }));
  const linears = [...fabricated.linears, ...head];
  const plan = { ...fabricated, array, linears, memory: memoryMap(linears, array) };
  const machine = machineOf(plan, widths);
  const program = compileProgram(fabricateModel(plan, 2).model, machine);
  return { plan, machine, program, assembly: assemble(program, machine, plan) };
}

/** Outputs of sdq_issue as the bench concatenates them, low end first, and the operand that each of them is. */
const OUTPUTS: readonly (FieldName | 'opcode' | 'layer')[] = [
  'opcode',
  ...([
    'source',
    'target',
    'length',
    'segment',
    'results',
    'add',
    'biased',
    'rectify',
    'parameters',
    'scales',
  ] as const),
  ...(['position', 'shift', 'space', 'rows', 'cols', 'out', 'linear', 'head'] as const),
  'layer',
];
const FLAGS: readonly string[] = ['results', 'add', 'biased', 'rectify', 'position', 'out'];

const hex = (value: bigint, bits: number): string =>
  BigInt.asUintN(bits, value)
    .toString(16)
    .padStart(bits / 4, '0');

/** Operands that an execution must show, and which bits of the outputs they are. */
function expected({ program, assembly }: AssembledDecoder, execution: Execution): { value: bigint; mask: bigint } {
  const { opcode, fields } = program.instructions[execution.at]!;
  const { layers, layerWords, finals } = program;
  const values: Partial<Record<string, number>> = {
    ...fields,
    opcode: opcodeNumber(opcode),
    layer: Math.min(execution.layer, layers - 1),
  };
  for (const flag of FLAGS) values[flag] ??= 0;
  if (fields.layered && values.parameters !== undefined) values.parameters += execution.layer * layerWords;
  if (execution.linear !== undefined) {
    values.linear = execution.linear;
    values.shift = finals[execution.linear]!;
  }
  let [value, mask, at] = [0n, 0n, 0n];
  for (const name of OUTPUTS) {
    const width = outputWidth(name, { program, assembly });
    const operand = values[name];
    if (operand !== undefined) {
      value |= BigInt.asUintN(width, BigInt(operand)) << at;
      mask |= ((1n << BigInt(width)) - 1n) << at;
    }
    at += BigInt(width);
  }
  return { value, mask };
}

function outputWidth(
  name: FieldName | 'opcode' | 'layer',
  { program, assembly }: Pick<AssembledDecoder, 'program' | 'assembly'>,
): number {
  if (name === 'opcode') return assembly.encoding.opcode;
  if (name === 'layer') return issueParameters(assembly, program).LAYER_WIDTH!;
  return name === 'shift' ? 8 : assembly.encoding.fields[name].width;
}

export const programVerilog = (assembly: Assembly): string =>
  renderProgram(
    assembly,
    { romStyle: 'logic' },
    ['A program of a test.'],
    readFileSync(join(ROOT, 'templates', PROGRAM_TEMPLATE), 'utf8'),
  );

const path = (name: string): string => join(ROOT, 'test/rtl/decoder', name);

/** Writes the files of a bench; a file's lines to a path by its kind. */
const writer =
  (folder: string, name: string) =>
  (kind: string, lines: readonly string[]): string => {
    const written = join(folder, `${name.replaceAll(/\W+/g, '-')}.${kind}`);
    writeFileSync(written, lines.join('\n'));
    return written;
  };

/** A line for the bench for each execution of a step. @param wanted which of them */
function stepLines(
  decoder: AssembledDecoder,
  position: number,
  wanted: (execution: Execution) => boolean = () => true,
): string[] {
  const { plan, machine, program } = decoder;
  const geometry = engineGeometry(plan);
  const arrays = arrayTimes(plan, geometry);
  const { executions, cycles } = tokenTime(program, machine, plan, geometry, position);
  const linears = executions.flatMap(({ linear }) => linear ?? []);
  return executions.flatMap((execution, i) => {
    const instruction = program.instructions[execution.at]!;
    const { opcode, fields, wait } = instruction;
    const unit = unitOf(instruction);
    const takes = takesResults(instruction);
    const rows = takes ? arrays[linears.shift()!]!.rows : null;
    const besides = unit === null || unit === 'array' ? NO_TIME : unitTime(instruction, machine, position, rows);
    const array = execution.linear === undefined ? { first: 0, occupied: 0 } : arrays[execution.linear]!;
    const flags =
      (unit === null ? 0 : 1 << UNITS.indexOf(unit)) |
      wait.reduce((mask, other) => mask | (16 << UNITS.indexOf(other)), 0) |
      (takes ? 1 << 8 : 0) |
      (opcode === 'LOOP' ? 1 << 9 : 0) |
      (opcode === 'END' ? 1 << 10 : 0) |
      (i === 0 ? 1 << 11 : 0) |
      (fields.position ? 1 << 12 : 0);
    // The step's cycles come with its first instruction, which is no RUN.
    const occupied = i === 0 ? cycles : array.occupied;
    const drain = drainCycles(instruction, besides.taking);
    const times = [execution.issue, besides.taking, besides.writing, array.first, occupied, flags, drain, 0];
    const { value, mask } = expected(decoder, execution);
    if (!wanted(execution)) return [];
    return [[...times.reverse().map((time) => hex(BigInt(time), 32)), hex(mask, 256), hex(value, 256)].join('_')];
  });
}

const NO_TIME = { taking: 0, writing: 0 };

const constantLines = ({ constants }: Assembly): string[] => Array.from(constants, (value) => hex(BigInt(value), 8));

/** Steps at these positions. @param stall percentage of cycles in which units wait at random; then nothing is predicted */
export function issueBench(
  folder: string,
  name: string,
  decoder: AssembledDecoder,
  positions: readonly number[],
  { stall = 0, seed = 1 }: { readonly stall?: number; readonly seed?: number } = {},
): Bench {
  const { machine, program, assembly } = decoder;
  const lines = positions.flatMap((position) => stepLines(decoder, position));
  const file = writer(folder, `issue ${name}`);
  return {
    name: `issue_tb ${name}`,
    top: 'issue_tb',
    sources: [path('issue_tb.v'), path('fake_units.v'), file('v', [programVerilog(assembly)])],
    parameters: {
      ...issueParameters(assembly, program),
      CONSTANTS: assembly.constants.length,
      EVENTS: lines.length,
      STEPS: positions.length,
      BANKS: machine.widths.banks,
    },
    plusargs: { constants: file('constants', constantLines(assembly)), events: file('events', lines), stall, seed },
  };
}

/** Two requests to the whole sequencer: a prompt of 2 tokens and 2 generated ones, then one with logits. */
export function sequencerBench(folder: string, name: string, decoder: AssembledDecoder, seed: number): Bench {
  const { plan, machine, program, assembly } = decoder;
  const visible = ({ at }: Execution): boolean => ![null, 'array'].includes(unitOf(program.instructions[at]!));
  const lines = Array.from({ length: 2 + 2 - 1 + 1 }, (_, position) => stepLines(decoder, position, visible)).flat();
  const arrays = arrayTimes(plan, engineGeometry(plan));
  const file = writer(folder, `sequencer ${name}`);
  const linears = arrays.map(({ first, occupied }) => hex(BigInt(occupied), 32) + hex(BigInt(first), 32));
  const { CONSTANT_WORDS } = memoryParameters(assembly, machine);
  return {
    name: `sequencer_tb ${name}`,
    top: 'sequencer_tb',
    sources: [path('sequencer_tb.v'), path('fake_units.v'), file('v', [programVerilog(assembly)])],
    parameters: {
      ...sequencerParameters(assembly, program, machine, plan),
      // Little room for logits, so that pauses occur.
      ...{ LOGIT_WORDS: 16, LOGIT_WORD_WIDTH: 4, LOGIT_MARGIN: 8 },
      CONSTANTS: assembly.constants.length,
      CONSTANT_WORDS: CONSTANT_WORDS!,
      LINEARS: arrays.length,
      EVENTS: lines.length,
      VOCABULARY: plan.model.vocab,
      BANKS: machine.widths.banks,
    },
    plusargs: {
      constants: file('constants', constantLines(assembly)),
      linears: file('linears', linears),
      events: file('events', lines),
      seed,
    },
  };
}

/** Programs of all kinds of models, at their predicted times and with units that wait at random. */
export function issueBenches(folder: string): Bench[] {
  const one = { values: 4, attention: 8, drain: 1, banks: 1 } as const;
  const two = { values: 4, attention: 16, drain: 2, banks: 2 } as const;
  const wide = { values: 8, attention: 8, drain: 8, banks: 2 } as const;
  const cases = [
    { config: llamaConfig(), widths: one, stall: 0 },
    { config: llamaConfig({ tiedHead: false }), widths: two, stall: 0 },
    { config: llamaConfig(), widths: wide, stall: 50 },
    { config: optConfig(), widths: one, stall: 0 },
    { config: optConfig({ layers: 3 }), widths: two, stall: 20 },
    { config: optPostNormConfig(), widths: two, stall: 0 },
    { config: llamaConfig({ layers: 1 }), widths: one, stall: 0 },
  ];
  return cases.map(({ config, widths, stall }, i) => {
    const name = `${config.name}, ${config.layers} layers, ${widths.values} values, ${widths.banks} banks, stall ${stall}`;
    const positions = [0, config.context - 1];
    return issueBench(folder, name, assembledDecoder(config, widths), positions, { stall, seed: 1 + i });
  });
}

/** Whole sequencers, with the head on the dot unit and on the array. */
export function sequencerBenches(folder: string): Bench[] {
  const one = { values: 2, attention: 8, drain: 1, banks: 1 } as const;
  const two = { values: 4, attention: 16, drain: 2, banks: 2 } as const;
  return [
    sequencerBench(folder, 'llama with its head on the array', assembledDecoder(llamaConfig(), two, [24, 16]), 2),
    sequencerBench(folder, 'opt', assembledDecoder(optConfig(), one), 3),
  ];
}
