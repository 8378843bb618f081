/** Programs and their predicted times, for the bench of sdq_issue. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_TEMPLATE, renderProgram } from '../../../generator/emit/render-program.js';
import type { ModelConfig } from '../../../generator/model/types.js';
import type { Plan } from '../../../generator/plan/types.js';
import { compileProgram } from '../../../generator/schedule/compile.js';
import { issueParameters } from '../../../generator/schedule/hardware.js';
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
import { arrayTimes, type Execution, takesResults, tokenTime, unitTime } from '../../../generator/schedule/timing.js';
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

/** A made-up model's decoder on an array with a frame unit. */
export function assembledDecoder(config: ModelConfig, widths: MachineWidths): AssembledDecoder {
  const fabricated = fabricatePlan(config);
  const array = { ...fabricated.array, frame: 4 };
  const plan = { ...fabricated, array, memory: memoryMap(fabricated.linears, array) };
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

/** Steps at these positions. @param stall percentage of cycles in which units wait at random; then nothing is predicted */
export function issueBench(
  folder: string,
  name: string,
  decoder: AssembledDecoder,
  positions: readonly number[],
  { stall = 0, seed = 1 }: { readonly stall?: number; readonly seed?: number } = {},
): Bench {
  const { plan, machine, program, assembly } = decoder;
  const geometry = engineGeometry(plan);
  const arrays = arrayTimes(plan, geometry);
  const lines: string[] = [];
  for (const position of positions) {
    const { executions } = tokenTime(program, machine, plan, geometry, position);
    const linears = executions.flatMap(({ linear }) => linear ?? []);
    for (const execution of executions) {
      const instruction = program.instructions[execution.at]!;
      const unit = unitOf(instruction);
      const takes = takesResults(instruction);
      const rows = takes ? arrays[linears.shift()!]!.rows : null;
      const besides =
        unit === null || unit === 'array' ? { taking: 0, writing: 0 } : unitTime(instruction, machine, position, rows);
      const array = execution.linear === undefined ? { first: 0, occupied: 0 } : arrays[execution.linear]!;
      const flags =
        (unit === null ? 0 : 1 << UNITS.indexOf(unit)) |
        instruction.wait.reduce((mask, other) => mask | (16 << UNITS.indexOf(other)), 0) |
        (takes ? 1 << 8 : 0) |
        (instruction.opcode === 'LOOP' ? 1 << 9 : 0) |
        (instruction.opcode === 'END' ? 1 << 10 : 0);
      const times = [execution.issue, besides.taking, besides.writing, array.first, array.occupied, flags, 0, 0];
      const { value, mask } = expected(decoder, execution);
      lines.push([...times.reverse().map((time) => hex(BigInt(time), 32)), hex(mask, 256), hex(value, 256)].join('_'));
    }
  }
  const file = (kind: string, text: readonly string[]): string => {
    const path = join(folder, `${name.replaceAll(/\W+/g, '-')}.${kind}`);
    writeFileSync(path, text.join('\n'));
    return path;
  };
  return {
    name: `issue_tb ${name}`,
    top: 'issue_tb',
    sources: [join(ROOT, 'test/rtl/decoder/issue_tb.v'), file('v', [programVerilog(assembly)])],
    parameters: {
      ...issueParameters(assembly, program),
      CONSTANTS: assembly.constants.length,
      EVENTS: lines.length,
      STEPS: positions.length,
      BANKS: machine.widths.banks,
    },
    plusargs: {
      constants: file(
        'constants',
        Array.from(assembly.constants, (value) => hex(BigInt(value), 8)),
      ),
      events: file('events', lines),
      stall,
      seed,
    },
  };
}

/** Programs of all kinds of models, at their predicted times and with units that wait at random. */
export function issueBenches(folder: string): Bench[] {
  const cases = [llamaConfig(), optConfig(), optPostNormConfig(), llamaConfig({ layers: 1 })].flatMap((config) => [
    { config, widths: { values: 4, attention: 8, drain: 1, banks: 1 } as const, stall: 0 },
    { config, widths: { values: 4, attention: 16, drain: 2, banks: 2 } as const, stall: 0 },
    { config, widths: { values: 8, attention: 8, drain: 8, banks: 2 } as const, stall: 50 },
  ]);
  return cases.map(({ config, widths, stall }, i) => {
    const name = `${config.name}, ${config.layers} layers, ${widths.values} values, ${widths.banks} banks, stall ${stall}`;
    const positions = [0, config.context - 1, 3];
    return issueBench(folder, name, assembledDecoder(config, widths), positions, { stall, seed: 1 + i });
  });
}
