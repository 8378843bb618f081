import { blocksOf, segmentShifts, symbolsPerRow } from '../../generator/plan/blocks.js';
import type { PlanLinear } from '../../generator/plan/types.js';
import type { QuantizedLinear } from '../../generator/quantize/types.js';
import { dotRows } from './dot-kernel.js';
import type { FramedVector } from './frame.js';
import { INT32_MAX, pow2, roundShift, saturate } from './integer.js';

/** Limits of the final shift of a linear; it is clamped to them. */
export const MIN_FINAL_SHIFT = -16;
export const MAX_FINAL_SHIFT = 63;

/**
 * The final shift that turns accumulated block totals into outputs.
 * @param inputFrac fraction bits of the input vector
 * @param outputFrac fraction bits wanted
 * @param exponent the linear's scale exponent
 * @param reference the framed vector's reference exponent
 */
export function finalShift(inputFrac: number, outputFrac: number, exponent: number, reference: number): number {
  const shift = inputFrac - outputFrac - exponent - reference;
  return Math.max(MIN_FINAL_SHIFT, Math.min(MAX_FINAL_SHIFT, shift));
}

/**
 * What the MAC array computes: y[r] = sat32(rs(Σ_b shift(m·P + mean·Σu, exponent_b), finalShift)).
 * Source: docs/numerics.md, "A linear".
 * @returns `rows` integers
 */
export function runLinear(
  linear: PlanLinear,
  weights: QuantizedLinear,
  vector: FramedVector,
  shift: number,
): Int32Array {
  const blocks = blocksOf(linear);
  const rowSymbols = symbolsPerRow(linear);
  const { symbols, scales, means } = weights;
  const { samples, stride, exponents, sums } = vector;
  const { rows } = linear;
  const accumulated = new Float64Array(rows);
  const partial = new Float64Array(rows);
  const segment = new Int32Array(rows);
  const inputs = new Int16Array(linear.block);
  blocks.forEach((block, b) => {
    partial.fill(0);
    segmentShifts(linear, block).forEach((gain, k) => {
      const first = k * block.size;
      const count = Math.min(block.size, block.samples - first);
      for (let j = 0; j < count; j++) inputs[j] = samples[b * stride + first + j]!;
      dotRows(symbols, block.symbolOffset + first, rowSymbols, inputs, count, segment);
      for (let r = 0; r < rows; r++) partial[r] = partial[r]! + segment[r]! * pow2(gain);
    });
    for (let r = 0, at = b; r < rows; r++, at += blocks.length) {
      const total = scales[at]! * partial[r]! + (means ? means[at]! * sums[b]! : 0);
      accumulated[r] = accumulated[r]! + roundShift(total, -exponents[b]!);
    }
  });
  return Int32Array.from(accumulated, (value) => saturate(roundShift(value, shift), INT32_MAX));
}
