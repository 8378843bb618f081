/** Parameters of the sequencer and memories in rtl/decoder, from a machine and its assembled program: the one place that computes them. */

import { indexWidth, log2Exact } from '../sizing/integers.js';
import type { Assembly, FieldName, Program } from './instructions.js';
import { type Machine, parameterWord } from './machine.js';
import { CONSTANT_WORD_BYTES } from './regions.js';

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
const LOGIT_WORDS = 64;
const LOGIT_MARGIN = 32;

/** Parameters of sdq_decoder_sequencer. */
export function sequencerParameters(
  assembly: Assembly,
  program: Program,
  { config, widths }: Machine,
): HardwareParameters {
  const token = Math.max(indexWidth(config.vocab), log2Exact(widths.values));
  const position = indexWidth(config.context);
  return {
    ...issueParameters(assembly, program),
    TOKEN_WIDTH: token,
    POSITION_WIDTH: position,
    ROW_WIDTH: Math.max(token, position),
    LANES: widths.values,
    LOGIT_WORDS,
    LOGIT_WORD_WIDTH: log2Exact(LOGIT_WORDS),
    LOGIT_MARGIN,
  };
}
