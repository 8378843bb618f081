import { bitLength, pow2 } from '../../sim/golden/integer.js';
import type { Int8Matrix, IntegerNorm } from '../../sim/golden/parameters.js';
import type { NormTensors } from '../model/types.js';

/** Smallest e with |value| ≤ limit · 2^e. */
function exponentFor(value: number, limit: number): number {
  if (value === 0) return 0;
  let exponent = Math.ceil(Math.log2(value / limit));
  while (value > limit * pow2(exponent)) exponent++;
  while (value <= limit * pow2(exponent - 1)) exponent--;
  return exponent;
}

function largest(values: Float32Array | Float64Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}

/** A norm in integers; see IntegerNorm. The output's fraction bits are the most that can never saturate, at most 16. */
export function integerNorm(norm: NormTensors, dim: number): IntegerNorm {
  const root = Math.sqrt(dim);
  const peak = largest(norm.weight) * root;
  const exponent = exponentFor(peak, 32767);
  const bound = peak + (norm.bias ? largest(norm.bias) : 0);
  const frac = Math.max(0, Math.min(16, 30 - bitLength(Math.floor(bound))));
  return {
    weight: Int16Array.from(norm.weight, (w) => Math.round(w * root * pow2(-exponent))),
    bias: norm.bias ? integerBias(norm.bias, frac) : null,
    shift: 20 - exponent - frac,
    frac,
  };
}

/** Biases with `frac` fraction bits, saturated to 32 bits. */
export function integerBias(bias: Float32Array, frac: number): Int32Array {
  return Int32Array.from(bias, (b) => Math.max(-2147483647, Math.min(2147483647, Math.round(b * pow2(frac)))));
}

/** A matrix in int8 with a 16-bit scale per row. */
export function int8Matrix(values: Float32Array, rows: number, cols: number): Int8Matrix {
  const peaks = Float64Array.from({ length: rows }, (_, r) => largest(values.subarray(r * cols, (r + 1) * cols)));
  const exponent = exponentFor(largest(peaks) / 127, 65535);
  const scales = new Uint16Array(rows);
  const quantized = new Int8Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    // Rounded up, so that the row's peak stays within ±127.
    const scale = Math.ceil((peaks[r]! / 127) * pow2(-exponent));
    scales[r] = scale;
    if (scale === 0) continue;
    const inverse = 1 / (scale * pow2(exponent));
    for (let c = r * cols; c < (r + 1) * cols; c++) quantized[c] = Math.round(values[c]! * inverse);
  }
  return { rows, cols, values: quantized, scales, exponent };
}

/** The float matrix that an int8 matrix stands for, rows × cols. */
export function int8MatrixToFloat(matrix: Int8Matrix): Float32Array {
  const { rows, cols, values, scales, exponent } = matrix;
  const out = new Float32Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    const scale = scales[r]! * pow2(exponent);
    for (let c = r * cols; c < (r + 1) * cols; c++) out[c] = values[c]! * scale;
  }
  return out;
}
