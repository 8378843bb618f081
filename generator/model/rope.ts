import type { ModelConfig } from './types.js';

/**
 * Angle per position of each rotary pair, after frequency scaling. At position p the pair (x[2i], x[2i + 1]) of a head
 * turns by p · frequencies[i].
 *
 * @returns headDim / 2 values, radians per position
 * @throws RangeError if the model has no rotary positions
 *
 * Source: RoFormer (arXiv 2104.09864) §3.2.2; "linear" and "llama3" scaling as in Hugging Face's modeling_rope_utils.
 */
export function ropeFrequencies(config: ModelConfig): Float64Array {
  const { rope, headDim } = config;
  if (rope === null) throw new RangeError(`${config.name} has no rotary positions`);
  const frequencies = new Float64Array(headDim / 2);
  for (let i = 0; i < frequencies.length; i++) {
    const base = rope.theta ** ((-2 * i) / headDim) / rope.linearFactor;
    frequencies[i] = rope.llama3 === null ? base : scaleLlama3(base, rope.llama3);
  }
  return frequencies;
}

/** Leaves short wavelengths alone, divides long ones by the factor, and goes smoothly from one to the other between. */
function scaleLlama3(frequency: number, scaling: NonNullable<NonNullable<ModelConfig['rope']>['llama3']>): number {
  const turns = (scaling.originalContext * frequency) / (2 * Math.PI);
  if (turns > scaling.highFreqFactor) return frequency;
  if (turns < scaling.lowFreqFactor) return frequency / scaling.factor;
  const share = (turns - scaling.lowFreqFactor) / (scaling.highFreqFactor - scaling.lowFreqFactor);
  return ((1 - share) * frequency) / scaling.factor + share * frequency;
}

/**
 * Reorders the rows of a q or k projection from Hugging Face's order, where the halves of rotary pair i of a head are
 * its rows i and i + headDim / 2, to interleaved order, where they are 2i and 2i + 1. Works in place.
 *
 * @param values (heads · headDim) × cols, row-major; a bias has one column
 */
export function interleaveRotaryRows(values: Float32Array, heads: number, headDim: number, cols: number): void {
  const half = headDim / 2;
  for (let head = 0; head < heads; head++) {
    const start = head * headDim * cols;
    const rows = values.slice(start, start + headDim * cols);
    for (let i = 0; i < half; i++) {
      values.set(rows.subarray(i * cols, (i + 1) * cols), start + 2 * i * cols);
      values.set(rows.subarray((i + half) * cols, (i + half + 1) * cols), start + (2 * i + 1) * cols);
    }
  }
}
