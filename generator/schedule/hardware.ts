/** Parameters of the decoder's Verilog, from a machine and its assembled program: the one place that computes them. */

import { InputError } from '../errors.js';
import type { Plan } from '../plan/types.js';
import { type EngineGeometry, type EngineTarget, engineParameters, resultParameters } from '../sizing/geometry.js';
import { indexWidth, log2Exact } from '../sizing/integers.js';
import { scheduleParameters } from '../sizing/schedule.js';
import { attentionParameters } from './attention.js';
import type { Assembly, FieldName, Program } from './instructions.js';
import { busWidths, type Machine, parameterWord } from './machine.js';
import { CONSTANT_WORD_BYTES } from './regions.js';
import { vectorConstants, vectorParameters } from './vector.js';

export type HardwareParameters = Readonly<Record<string, number>>;

/** Fields whose places sdq_issue is told. `linear` lies where `shift` does. */
const PLACED: Readonly<Record<Exclude<FieldName, 'linear'>, string>> = {
  source: 'SOURCE_AT',
  target: 'TARGET_AT',
  length: 'LENGTH_AT',
  segment: 'SEGMENT_AT',
  results: 'RESULTS_AT',
  add: 'ADD_AT',
  biased: 'BIASED_AT',
  rectify: 'RECTIFY_AT',
  layered: 'LAYERED_AT',
  parameters: 'PARAMETERS_AT',
  scales: 'SCALES_AT',
  position: 'POSITION_AT',
  shift: 'CONSTANT_AT',
  space: 'SPACE_AT',
  rows: 'ROWS_AT',
  cols: 'COLS_AT',
  out: 'OUT_AT',
  head: 'HEAD_AT',
  entry: 'ENTRY_AT',
};

/** Parameters of sdq_issue. */
export function issueParameters({ encoding }: Assembly, program: Program): HardwareParameters {
  const { fields, word } = encoding;
  const places = Object.entries(PLACED).map(([field, name]) => [name, fields[field as FieldName].at] as const);
  return {
    WORD_WIDTH: word,
    ENTRY_WIDTH: fields.entry.width,
    VECTOR_ADDR_WIDTH: fields.target.width,
    LENGTH_WIDTH: fields.length.width,
    ROWS_WIDTH: fields.rows.width,
    PARAMETER_ADDR_WIDTH: fields.parameters.width,
    CONSTANT_ADDR_WIDTH: fields.shift.width,
    HEAD_WIDTH: fields.head.width,
    LAYERS: program.layers,
    LAYER_WIDTH: indexWidth(program.layers),
    LAYER_LINEARS: program.layerLinears,
    LAYER_WORDS: program.layerWords,
    ...Object.fromEntries(places),
  };
}

/** Parameters of sdq_decoder_memories. */
export function memoryParameters({ constants }: Assembly, { widths, parameters }: Machine): HardwareParameters {
  const word = parameterWord(widths);
  const words = parameters.bytes / word;
  return {
    PARAMETER_WORDS: words,
    PARAMETER_ADDR_WIDTH: indexWidth(words),
    PARAMETER_BYTES: word,
    PARAMETER_BYTE_WIDTH: log2Exact(word),
    CONSTANT_WORDS: Math.ceil(constants.length / CONSTANT_WORD_BYTES),
    CONSTANT_ADDR_WIDTH: indexWidth(constants.length),
  };
}

/** Parameters of sdq_vector_ram. */
export function vectorRamParameters({ widths, vectors }: Machine): HardwareParameters {
  return {
    WORDS: vectors.words,
    ADDR_WIDTH: indexWidth(vectors.words),
    VALUES: widths.values,
  };
}

/** Words of logits on their way to the host; and those that a unit may still give when it is to pause. */
export const LOGIT_WORDS = 64;
const LOGIT_MARGIN = 32;

/** Parameters of sdq_decoder_sequencer. */
export function sequencerParameters(
  assembly: Assembly,
  program: Program,
  machine: Machine,
  plan: Pick<Plan, 'linears'>,
): HardwareParameters {
  const { token, position, row } = busWidths(machine, plan);
  return {
    ...issueParameters(assembly, program),
    TOKEN_WIDTH: token,
    POSITION_WIDTH: position,
    ROW_WIDTH: row,
    LANES: machine.widths.values,
    LOGIT_WORDS,
    LOGIT_WORD_WIDTH: log2Exact(LOGIT_WORDS),
    LOGIT_MARGIN,
  };
}

/** Names that a module's parameters have in sdq_decoder, where another module's parameter has their own; null: it has none. */
type Renaming = Readonly<Record<string, string | null>>;

/**
 * Parameters of sdq_decoder and of the engine beside it.
 *
 * @param tableWords words of sdq_tables
 * @throws InputError if the device cannot run the plan
 */
export function decoderParameters(
  { assembly, program, machine }: DecoderDesign,
  plan: Pick<Plan, 'linears'>,
  geometry: EngineGeometry,
  target: EngineTarget,
  tableWords: number,
): { readonly decoder: Readonly<Record<string, number | string>>; readonly engine: HardwareParameters } {
  const { values, drain, banks } = machine.widths;
  const engine = engineParameters(geometry, target);
  const numbers = merge(
    [sequencerParameters(assembly, program, machine, plan), { WORD_WIDTH: 'INSTRUCTION_WIDTH', LANES: 'VALUES' }],
    [
      vectorParameters(machine, plan),
      { LANE_WIDTH: 'VALUE_WIDTH', SUM_WIDTH: 'MOMENT_WIDTH', PAIRS: 'ROTARY_PAIRS', PAIR_WIDTH: 'ROTARY_PAIR_WIDTH' },
    ],
    [
      attentionParameters(machine, assembly.encoding),
      { WORD_WIDTH: 'CACHE_WORD_WIDTH', ROW_WIDTH: 'ROWS_WIDTH', SUM_WIDTH: 'SOFTMAX_WIDTH' },
    ],
    [memoryParameters(assembly, machine), { PARAMETER_ADDR_WIDTH: 'PARAMETER_INDEX_WIDTH', PARAMETER_BYTES: null }],
    [vectorRamParameters(machine), { WORDS: 'VECTOR_WORDS', ADDR_WIDTH: 'VECTOR_ADDR_WIDTH' }],
    [{ TABLE_WORDS: tableWords, TABLE_INDEX_WIDTH: indexWidth(tableWords) }, {}],
    [{ BLOCK_ADDR_WIDTH: engine.BLOCK_ADDR_WIDTH! }, {}],
  );
  const frame = geometry.frame;
  if (frame === null || frame.values % values !== 0) {
    throw new InputError(
      `the decoder cannot be put on the device: its ${values} elements per cycle do not divide those of the frame unit`,
    );
  }
  return {
    decoder: { ...numbers, ...vectorConstants(machine) },
    engine: {
      ...engine,
      ...scheduleParameters(geometry),
      ...resultParameters(geometry, { banks, results: drain }),
      CUT: 1,
      CUT_VALUES: values,
      CUT_PART_WIDTH: indexWidth(frame.values / values),
    },
  };
}

export interface DecoderDesign {
  readonly machine: Machine;
  readonly program: Program;
  readonly assembly: Assembly;
}

/** Parameters of several modules in one; what has one name has one value. */
function merge(...modules: readonly (readonly [HardwareParameters, Renaming])[]): HardwareParameters {
  const all: Record<string, number> = {};
  for (const [parameters, renaming] of modules) {
    for (const [own, value] of Object.entries(parameters)) {
      const name = renaming[own] === undefined ? own : renaming[own];
      if (name === null) continue;
      if (all[name] !== undefined && all[name] !== value) throw new RangeError(`${name} is ${all[name]} and ${value}`);
      all[name] = value;
    }
  }
  return all;
}
