import { instantiate } from './instantiate.js';

/** The functions of assembly/multiply.ts; addresses are byte offsets into the memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  multiply(weights: number, rows: number, stride: number, input: number, tokens: number, output: number): void;
  firstFree(): number;
}

/** A matrix of float32 values: `rows` rows of `cols` values, `stride` values apart from `offset` on. */
export interface Rows {
  readonly data: Float32Array;
  readonly offset: number;
  readonly stride: number;
  readonly rows: number;
}

/** Values that are copied into the kernel's memory at once: few enough for the second-level cache. */
const WEIGHT_VALUES = 1 << 16;
const INPUT_VALUES = 1 << 17;
const PAGE = 65536;

let kernel: Exports | null = null;

/**
 * output[t · outputStride + r] = Σ_c weights[r][c] · input[t][c] for c in 0 … cols − 1, or, with `accumulate`, that much
 * more. Sums are in float32, in an order that depends on `cols` alone, and so the same on every platform.
 */
export function multiplyRows(
  weights: Rows,
  input: Rows,
  cols: number,
  output: Float32Array | Float64Array,
  outputOffset: number,
  outputStride: number,
  factor: number,
  accumulate: boolean,
): void {
  kernel ??= instantiate<Exports>();
  const stride = (cols + 3) & ~3;
  const rowsAtOnce = Math.max(2, Math.floor(WEIGHT_VALUES / stride) & ~1);
  const tokensAtOnce = Math.max(4, Math.floor(INPUT_VALUES / stride) & ~3);
  const weightsAt = kernel.firstFree();
  const mostRows = Math.min(rowsAtOnce, (weights.rows + 1) & ~1);
  const mostTokens = Math.min(tokensAtOnce, (input.rows + 3) & ~3);
  const inputAt = weightsAt + 4 * mostRows * stride;
  const outputAt = inputAt + 4 * mostTokens * stride;
  const end = outputAt + 4 * mostRows * mostTokens;
  const missing = Math.ceil((end - kernel.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernel.memory.grow(missing);
  const memory = new Float32Array(kernel.memory.buffer);
  const result = memory.subarray(outputAt / 4, end / 4);

  for (let t0 = 0; t0 < input.rows; t0 += mostTokens) {
    const tokens = Math.min(mostTokens, input.rows - t0);
    copyRows(input, t0, tokens, cols, memory, inputAt / 4, stride, (tokens + 3) & ~3);
    for (let r0 = 0; r0 < weights.rows; r0 += mostRows) {
      const rows = Math.min(mostRows, weights.rows - r0);
      const padded = (rows + 1) & ~1;
      copyRows(weights, r0, rows, cols, memory, weightsAt / 4, stride, padded);
      kernel.multiply(weightsAt, padded, stride, inputAt, (tokens + 3) & ~3, outputAt);
      for (let t = 0; t < tokens; t++) {
        const to = outputOffset + (t0 + t) * outputStride + r0;
        const from = t * padded;
        if (accumulate) {
          for (let r = 0; r < rows; r++) output[to + r] = output[to + r]! + factor * result[from + r]!;
        } else {
          for (let r = 0; r < rows; r++) output[to + r] = factor * result[from + r]!;
        }
      }
    }
  }
}

/** Copies rows and fills up with zeros, columns to `stride` and rows to `padded`. */
function copyRows(
  from: Rows,
  first: number,
  count: number,
  cols: number,
  to: Float32Array,
  at: number,
  stride: number,
  padded: number,
): void {
  for (let row = 0; row < count; row++) {
    const start = from.offset + (first + row) * from.stride;
    to.set(from.data.subarray(start, start + cols), at + row * stride);
    to.fill(0, at + row * stride + cols, at + (row + 1) * stride);
  }
  to.fill(0, at + count * stride, at + padded * stride);
}
