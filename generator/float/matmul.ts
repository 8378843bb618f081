/**
 * output[t] = W · input[t] (+ bias) for several tokens, summed in double precision in order of columns.
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
  const blockedTokens = seq - (seq % 4);
  const blockedRows = blockedTokens === 0 ? 0 : rows - (rows % 2);
  if (blockedRows > 0) multiplyBlocks(weights, blockedRows, rows, cols, input, blockedTokens, output);
  for (let t = 0; t < seq; t++) {
    const first = t < blockedTokens ? blockedRows : 0;
    for (let r = first; r < rows; r++) output[t * rows + r] = dot(weights, r * cols, input, t * cols, cols);
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

/**
 * The rows and tokens that fill blocks of two rows by four tokens: six loads feed eight products, and a row is read
 * from memory once. Everything is widened beforehand, because widening in the inner loop costs as much as multiplying.
 */
function multiplyBlocks(
  weights: Float32Array,
  blockedRows: number,
  rows: number,
  cols: number,
  input: Float32Array,
  tokens: number,
  output: Float32Array,
): void {
  const x = new Float64Array(input.subarray(0, tokens * cols));
  const w = new Float64Array(2 * cols);
  for (let r = 0; r < blockedRows; r += 2) {
    w.set(weights.subarray(r * cols, (r + 2) * cols));
    for (let t = 0; t < tokens; t += 4) {
      const x0 = t * cols;
      const x1 = x0 + cols;
      const x2 = x1 + cols;
      const x3 = x2 + cols;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let c = 0; c < cols; c++) {
        const u = w[c]!;
        const v = w[cols + c]!;
        const a0 = x[x0 + c]!;
        const a1 = x[x1 + c]!;
        const a2 = x[x2 + c]!;
        const a3 = x[x3 + c]!;
        s00 += u * a0;
        s01 += u * a1;
        s02 += u * a2;
        s03 += u * a3;
        s10 += v * a0;
        s11 += v * a1;
        s12 += v * a2;
        s13 += v * a3;
      }
      const y = t * rows + r;
      output[y] = s00;
      output[y + 1] = s10;
      output[y + rows] = s01;
      output[y + rows + 1] = s11;
      output[y + 2 * rows] = s02;
      output[y + 2 * rows + 1] = s12;
      output[y + 3 * rows] = s03;
      output[y + 3 * rows + 1] = s13;
    }
  }
}
