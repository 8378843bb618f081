/** Parameters of the decoder's vector unit (rtl/vector/sdq_vector_unit.v). */

import type { Plan } from '../plan/types.js';
import { bitLength, ceilDiv, indexWidth, log2Exact } from '../sizing/integers.js';
import { busWidths, type Machine } from './machine.js';

/** Bits of v of a norm, sign included, and of its square. */
const MOMENT_BITS = 17;
const SQUARE_BITS = 31;

/** Shifts of norms and of rows of int8 matrices that the unit has, as its 8 bits hold them. */
export const LEAST_SHIFT = -8;
export const MOST_SHIFT = 127;

/** Parameters of sdq_vector_unit that are not wider than an integer of Verilog. */
export function vectorParameters(machine: Machine, plan: Pick<Plan, 'linears'>): Record<string, number> {
  const { config, widths, block, centered } = machine;
  const { values, drain } = widths;
  const { dim, embedDim, hidden, headDim } = config;
  const buses = busWidths(machine, plan);
  const longest = Math.max(dim, embedDim, hidden, ...plan.linears.map(({ rows }) => rows));
  const segments = ceilDiv(longest, Math.min(block, headDim));
  const n = bitLength(dim - 1);
  const pairs = config.rope ? headDim / 2 : 0;
  return {
    VALUES: values,
    VALUE_LOG: log2Exact(values),
    LANE_WIDTH: indexWidth(values),
    RESULTS: drain,
    SLOT_WIDTH: indexWidth(values / drain),
    VECTOR_ADDR_WIDTH: buses.vector,
    PARAMETER_ADDR_WIDTH: buses.parameters,
    LENGTH_WIDTH: buses.length,
    SEGMENTS: segments,
    SEGMENT_WIDTH: indexWidth(segments),
    ROW_WIDTH: buses.row,
    POSITION_WIDTH: buses.position,
    DIM: dim,
    CENTERED: centered ? 1 : 0,
    GATED: config.architecture === 'llama' ? 1 : 0,
    PAIRS: pairs,
    PAIR_WIDTH: indexWidth(Math.max(pairs, 1)),
    TURN_WIDTH: indexWidth(Math.max(1, headDim / values)),
    SUM_WIDTH: MOMENT_BITS + n,
    SQUARES_WIDTH: SQUARE_BITS + n,
  };
}

/** Its other parameters, as constants of Verilog. */
export function vectorConstants({ dimReciprocal, epsilon }: Machine): Record<string, string> {
  return { DIM_RECIPROCAL: `33'd${dimReciprocal}`, EPSILON: `52'd${epsilon}` };
}
