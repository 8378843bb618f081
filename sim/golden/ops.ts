import { dotRows } from './dot-kernel.js';
import { bitLength, INT16_MAX, INT32_MAX, maxMagnitude, pow2, roundShift, saturate } from './integer.js';
import { ACTIVATION_FRAC, GATED_FRAC, type Int8Matrix, type IntegerNorm, RESIDUAL_FRAC } from './parameters.js';
import { reciprocalRoot, rotation, sigmoid, type Tables } from './tables.js';

/**
 * RMSNorm or LayerNorm of a residual vector. Source: docs/numerics.md, "Norms".
 * @param x dim values, Q16
 * @param center subtract the mean (LayerNorm)
 * @param epsilon round(eps · dim · 2^40)
 * @returns dim values with norm.frac fraction bits
 */
export function normalize(
  tables: Tables,
  norm: IntegerNorm,
  x: Int32Array,
  center: boolean,
  epsilon: number,
): Int32Array {
  const dim = x.length;
  const shift = Math.max(0, bitLength(maxMagnitude(x, 0, dim)) - 15);
  const v = Float64Array.from(x, (value) => roundShift(value, shift));
  // |sum| ≤ 2^15 · dim and the reciprocal is 2^32 / dim: below 2^48.
  const sum = v.reduce((total, value) => total + value, 0);
  const mean = center ? roundShift(sum * Math.floor((4294967296 + dim / 2) / dim), 28) : 0;
  let squares = 0;
  for (let i = 0; i < dim; i++) {
    const c = 16 * v[i]! - mean;
    squares += c * c;
  }
  const { mantissa, half } = reciprocalRoot(tables, Math.max(1, squares + roundShift(epsilon, 2 * shift)));
  // From here on with all bits of x, so that small values survive beside large ones: Q18, below 2^(34 + 16) times the mantissa.
  const offset = roundShift(mean, 2 - shift);
  const y = new Int32Array(dim);
  for (let i = 0; i < dim; i++) {
    const z = roundShift((4 * x[i]! - offset) * mantissa, 9 + half + shift);
    y[i] = saturate(roundShift(z * norm.weight[i]!, norm.shift) + (norm.bias ? norm.bias[i]! : 0), INT32_MAX);
  }
  return y;
}

/** round(eps · dim · 2^40): the norm's epsilon in the units of its sum of squares before the pre-shift. */
export function normEpsilon(eps: number, dim: number): number {
  return Math.round(eps * dim * pow2(2 * (RESIDUAL_FRAC + 4)));
}

/** x + y, saturated to 32 bits, into x. */
export function addInto(x: Int32Array, y: Int32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = saturate(x[i]! + y[i]!, INT32_MAX);
}

/**
 * One row of an int8 matrix as a vector: an embedding.
 * @param frac fraction bits wanted
 */
export function matrixRow(matrix: Int8Matrix, row: number, frac: number): Int32Array {
  const y = new Int32Array(matrix.cols);
  const scale = matrix.scales[row]!;
  const shift = -matrix.exponent - frac;
  for (let i = 0; i < matrix.cols; i++) {
    y[i] = saturate(roundShift(matrix.values[row * matrix.cols + i]! * scale, shift), INT32_MAX);
  }
  return y;
}

/**
 * An int8 matrix times a vector whose values are first cut to int16 mantissas. Below 2^(7 + 15 + 13 + 16).
 * @param x cols values with `inputFrac` fraction bits
 * @returns rows values with `outputFrac` fraction bits
 */
export function multiplyInt8(matrix: Int8Matrix, x: Int32Array, inputFrac: number, outputFrac: number): Int32Array {
  const { rows, cols, values, scales } = matrix;
  const preShift = Math.max(0, bitLength(maxMagnitude(x, 0, cols)) - 15);
  const v = Int16Array.from(x, (value) => saturate(roundShift(value, preShift), INT16_MAX));
  const shift = inputFrac - outputFrac - matrix.exponent - preShift;
  const sums = new Float64Array(rows);
  dotRows(values, 0, cols, v, cols, sums);
  const y = new Int32Array(rows);
  for (let r = 0; r < rows; r++) y[r] = saturate(roundShift(sums[r]! * scales[r]!, shift), INT32_MAX);
  return y;
}

/** Rotates the interleaved pairs of every head in place. @param x heads × headDim values */
export function rotate(tables: Tables, x: Int32Array, headDim: number, position: number): void {
  for (let pair = 0; pair < headDim / 2; pair++) {
    const { cos, sin } = rotation(tables, position, pair);
    for (let i = 2 * pair; i < x.length; i += headDim) {
      const a = x[i]!;
      const b = x[i + 1]!;
      x[i] = saturate(roundShift(a * cos - b * sin, 14), INT32_MAX);
      x[i + 1] = saturate(roundShift(a * sin + b * cos, 14), INT32_MAX);
    }
  }
}

/** SwiGLU: silu(gate) · up. Inputs Q20; the product of two 26-bit values is exact; result Q16. */
export function gatedProduct(tables: Tables, gate: Int32Array, up: Int32Array): Int32Array {
  return Int32Array.from(gate, (g, i) => {
    const silu = roundShift(g * sigmoid(tables, g), 15);
    const product = roundShift(silu, 6) * roundShift(up[i]!, 6);
    return saturate(roundShift(product, 2 * (ACTIVATION_FRAC - 6) - GATED_FRAC), INT32_MAX);
  });
}

/** max(0, x), in place. */
export function rectify(x: Int32Array): void {
  for (let i = 0; i < x.length; i++) if (x[i]! < 0) x[i] = 0;
}

/** Index of the largest value, the first of equals. */
export function argmax(values: Int32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
