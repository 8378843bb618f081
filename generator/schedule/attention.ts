/** Parameters of sdq_attention: dot unit and mix unit with their memories. Bounds are those of docs/numerics.md. */

import { InputError } from '../errors.js';
import { bitLength, ceilDiv, countWidth, indexWidth, log2Exact, signedWidth } from '../sizing/integers.js';
import type { Encoding } from './instructions.js';
import { type Machine, matrixLanes } from './machine.js';

const INT16_MAX = 32767;
const INT8_MAX = 127;
/** log2 of the largest p of the softmax. */
const P_BITS = 16;
/** 20 + 20 − 16: fraction bits of query, key and score. */
const SCORE_FRAC_SHIFT = 24;
/** Bits of a row's scale, unsigned. */
const SCALE_BITS = 16;
/** Most that a query's exponent takes from a shift. */
const MOST_EXPONENT = 16;
/** Left shifts that the dot unit has. */
const LIFT = 8;
/** Least shift of an int8 matrix, before its query's exponent is taken away: a lesser one has entries beyond 2^15. */
export const LEAST_MATRIX_SHIFT = MOST_EXPONENT - LIFT;
/** What one rounding shift can be: its amount has 6 bits, and 63 gives 0 for all that is narrower. */
const SHIFTER_BITS = 63;
/** What is left of a weighted sum after `spare`, with its sign. */
const SPARED_BITS = 34;

/** @throws InputError if its dot products are wider than the shifter */
export function attentionParameters(machine: Machine, encoding: Encoding): Readonly<Record<string, number>> {
  const { config, widths, scoreScale } = machine;
  const { values, attention } = widths;
  const { layers, heads, kvHeads, headDim, context, dim, embedDim } = config;
  const chunks = headDim / attention;
  const lanes = matrixLanes(widths);
  const valueParts = (4 * values) / lanes;
  const queryParts = attention / lanes;
  const pairs = layers * kvHeads;
  const queryWords = ceilDiv(Math.max(heads * headDim, dim, embedDim), attention);
  const levels = bitLength(attention - 1);
  const dot = Math.max(
    signedWidth(INT16_MAX * INT16_MAX * headDim),
    signedWidth(INT8_MAX * INT16_MAX * Math.max(dim, embedDim)),
    31 + levels,
  );
  if (dot + SCALE_BITS + LIFT > SHIFTER_BITS) {
    throw new InputError(`the decoder cannot be put on the device: dot products have ${dot} bits`);
  }
  const sum = Math.max(P_BITS + 2, bitLength(2 ** P_BITS * context));
  return {
    LANES: attention,
    LANE_WIDTH: indexWidth(attention),
    LEVELS: levels,
    VALUES: values,
    VALUE_WIDTH: indexWidth(values),
    GROUP_WIDTH: indexWidth(attention / values),
    LAYERS: layers,
    KV_HEADS: kvHeads,
    GROUP: heads / kvHeads,
    CONTEXT: context,
    CHUNKS: chunks,
    LAYER_WIDTH: indexWidth(layers),
    HEAD_WIDTH: indexWidth(heads),
    POSITION_WIDTH: indexWidth(context),
    CHUNK_WIDTH: indexWidth(chunks),
    PLACE_WIDTH: indexWidth(pairs * context),
    WORD_WIDTH: indexWidth(pairs * context * chunks),
    QUERY_WORDS: queryWords,
    QUERY_ADDR_WIDTH: indexWidth(queryWords),
    MATRIX_LANES: lanes,
    MATRIX_LANE_WIDTH: log2Exact(lanes),
    VALUE_PARTS: valueParts,
    VALUE_PART_WIDTH: indexWidth(valueParts),
    QUERY_PARTS: queryParts,
    QUERY_PART_WIDTH: indexWidth(queryParts),
    SCALE_WIDTH: log2Exact(2 * values),
    ROW_WIDTH: encoding.fields.rows.width,
    LENGTH_WIDTH: Math.max(encoding.fields.cols.width, log2Exact(lanes) + 1),
    PARAMETER_ADDR_WIDTH: encoding.fields.parameters.width,
    VECTOR_ADDR_WIDTH: encoding.fields.target.width,
    SCORE_MANTISSA: scoreScale.mantissa,
    SCORE_SHIFT: SCORE_FRAC_SHIFT + scoreScale.shift,
    DOT_WIDTH: dot,
    LIFT,
    SUM_WIDTH: sum,
    SPARE_WIDTH: countWidth(sum - P_BITS - 1),
    MIXED_WIDTH: Math.max(SPARED_BITS, signedWidth(INT8_MAX * 2 ** (8 + P_BITS) * context + ceilDiv(context, 2))),
  };
}
