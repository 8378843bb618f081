import { blocksOf, segmentShifts, symbolsPerRow } from '../../generator/plan/blocks.js';
import type { PlanLinear } from '../../generator/plan/types.js';
import type { QuantizedLinear } from '../../generator/quantize/types.js';
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
  const blocks = blocksOf(linear).map((block) => ({ ...block, shifts: segmentShifts(linear, block) }));
  const rowSymbols = symbolsPerRow(linear);
  const { symbols, scales, means } = weights;
  const { samples, stride, exponents, sums } = vector;
  const result = new Int32Array(linear.rows);
  for (let r = 0; r < linear.rows; r++) {
    let accumulated = 0;
    for (let b = 0; b < blocks.length; b++) {
      const block = blocks[b]!;
      const q = r * rowSymbols + block.symbolOffset;
      const u = b * stride;
      let partial = 0;
      for (let k = 0, first = 0; first < block.samples; k++, first += block.size) {
        const end = Math.min(first + block.size, block.samples);
        let sum = 0;
        // Below 127 · 256; "| 0" lets engines keep it in an integer register.
        for (let j = first; j < end; j++) sum = (sum + symbols[q + j]! * samples[u + j]!) | 0;
        partial += sum * pow2(block.shifts[k]!);
      }
      const at = r * blocks.length + b;
      const total = scales[at]! * partial + (means ? means[at]! * sums[b]! : 0);
      accumulated += roundShift(total, -exponents[b]!);
    }
    result[r] = saturate(roundShift(accumulated, shift), INT32_MAX);
  }
  return result;
}
