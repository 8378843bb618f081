/**
 * output[t] = W · input[t] (+ bias) for several tokens.
 *
 * Two rows meet four tokens at a time, so that six loads feed eight products and a row is read from memory once per
 * four tokens. Products are summed in double precision, in order of columns.
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
  const evenRows = rows - (rows % 2);
  const fullTokens = seq - (seq % 4);
  for (let r = 0; r < evenRows; r += 2) {
    const w0 = r * cols;
    const w1 = w0 + cols;
    const b0 = bias === null ? 0 : bias[r]!;
    const b1 = bias === null ? 0 : bias[r + 1]!;
    for (let t = 0; t < fullTokens; t += 4) {
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
        const u = weights[w0 + c]!;
        const v = weights[w1 + c]!;
        const a0 = input[x0 + c]!;
        const a1 = input[x1 + c]!;
        const a2 = input[x2 + c]!;
        const a3 = input[x3 + c]!;
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
      output[y] = s00 + b0;
      output[y + 1] = s10 + b1;
      output[y + rows] = s01 + b0;
      output[y + rows + 1] = s11 + b1;
      output[y + 2 * rows] = s02 + b0;
      output[y + 2 * rows + 1] = s12 + b1;
      output[y + 3 * rows] = s03 + b0;
      output[y + 3 * rows + 1] = s13 + b1;
    }
    for (let t = fullTokens; t < seq; t++) {
      output[t * rows + r] = dot(weights, w0, input, t * cols, cols) + b0;
      output[t * rows + r + 1] = dot(weights, w1, input, t * cols, cols) + b1;
    }
  }
  if (evenRows < rows) {
    const last = evenRows;
    const b = bias === null ? 0 : bias[last]!;
    for (let t = 0; t < seq; t++) {
      output[t * rows + last] = dot(weights, last * cols, input, t * cols, cols) + b;
    }
  }
}

/** Sum of products of `length` values of `a` from `aStart` and of `b` from `bStart`, in double precision. */
export function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}
