import { multiplyRows } from '../kernel/multiply.js';

/** Fewer tokens than this are not worth copying the weights for. */
const FEW_TOKENS = 4;

/**
 * output[t] = W · input[t] (+ bias) for several tokens. Several tokens at once are summed in float32, in four parts
 * each; single ones in double precision.
 *
 * @param weights rows × cols, row-major
 * @param bias rows values, or null
 * @param input seq × cols
 * @param output seq × rows, overwritten
 */
export function matmul(
  weights: Float32Array,
  bias: Float32Array | null,
  rows: number,
  cols: number,
  input: Float32Array,
  seq: number,
  output: Float32Array,
): void {
  if (seq < FEW_TOKENS) {
    for (let t = 0; t < seq; t++) {
      for (let r = 0; r < rows; r++) output[t * rows + r] = dot(weights, r * cols, input, t * cols, cols);
    }
  } else {
    const w = { data: weights, offset: 0, stride: cols, rows };
    multiplyRows(w, { data: input, offset: 0, stride: cols, rows: seq }, cols, output, 0, rows, 1, false);
  }
  if (bias === null) return;
  for (let t = 0; t < seq; t++) {
    for (let r = 0; r < rows; r++) output[t * rows + r] = output[t * rows + r]! + bias[r]!;
  }
}

/** Sum of products of `length` values of `a` from `aStart` and of `b` from `bStart`, in double precision. */
export function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}
