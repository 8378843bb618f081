/**
 * Dense kernels on square row-major float32 matrices, a panel of columns at a time: what a panel takes from the rest of
 * the matrix are inner products in WebAssembly, what happens within it is done in double precision.
 */

import { multiplyRows } from '../kernel/multiply.js';

const PANEL = 64;

/**
 * In place, the factorisation H = R · Rᵀ with R upper triangular, of a symmetric positive definite n × n matrix of
 * which only the upper triangle is read. The lower triangle is left undefined.
 *
 * @throws RangeError if H is not positive definite
 */
export function upperCholesky(h: Float32Array, n: number): void {
  // From the last column to the first, a panel of columns at a time.
  for (let end = n; end > 0; end -= PANEL) {
    const start = Math.max(0, end - PANEL);
    if (end < n) {
      // What the finished columns to the right contribute to the panel, from its own rows up.
      const rowsAbove = { data: h, offset: end, stride: n, rows: end };
      const rowsOfPanel = { data: h, offset: start * n + end, stride: n, rows: end - start };
      multiplyRows(rowsOfPanel, rowsAbove, n - end, h, start, n, -1, true);
    }
    for (let j = end - 1; j >= start; j--) {
      let pivot = h[j * n + j]!;
      for (let k = j + 1; k < end; k++) pivot -= h[j * n + k]! ** 2;
      if (!(pivot > 0)) throw new RangeError(`the Hessian is not positive definite at column ${j}`);
      const root = Math.sqrt(pivot);
      h[j * n + j] = root;
      for (let i = 0; i < j; i++) {
        let sum = h[i * n + j]!;
        for (let k = j + 1; k < end; k++) sum -= h[i * n + k]! * h[j * n + k]!;
        h[i * n + j] = sum / root;
      }
    }
  }
}

/**
 * In place, the inverse of the upper triangular n × n matrix in `r`'s upper triangle; the lower triangle is set to
 * zero.
 */
export function invertUpper(r: Float32Array, n: number): void {
  // Column panels from the left. With R = [R₁ C; 0 R₂], the inverse is [R₁⁻¹ −R₁⁻¹ C R₂⁻¹; 0 R₂⁻¹]; R₁ is done already.
  for (let start = 0; start < n; start += PANEL) {
    const end = Math.min(n, start + PANEL);
    const width = end - start;
    invertSmall(r, n, start, end);
    if (start > 0) {
      const inverse = columnsOf(r, n, start, start, end);
      // First C R₂⁻¹, then R₁⁻¹ times that; rows of the second factor are needed side by side.
      const product = new Float32Array(start * width);
      const above = { data: r, offset: start, stride: n, rows: start };
      multiplyRows({ data: inverse, offset: 0, stride: width, rows: width }, above, width, product, 0, width, 1, false);
      const columns = new Float32Array(width * start);
      for (let i = 0; i < start; i++) for (let j = 0; j < width; j++) columns[j * start + i] = product[i * width + j]!;
      const done = { data: r, offset: 0, stride: n, rows: start };
      multiplyRows({ data: columns, offset: 0, stride: start, rows: width }, done, start, product, 0, width, -1, false);
      for (let i = 0; i < start; i++) r.set(product.subarray(i * width, (i + 1) * width), i * n + start);
    }
    for (let i = start; i < end; i++) r.fill(0, i * n, i * n + i);
  }
}

/** Inverts the diagonal block of rows and columns start … end − 1. */
function invertSmall(r: Float32Array, n: number, start: number, end: number): void {
  const width = end - start;
  const inverse = new Float64Array(width * width);
  for (let j = 0; j < width; j++) {
    for (let i = j; i >= 0; i--) {
      const row = (start + i) * n + start;
      let sum = i === j ? 1 : 0;
      for (let k = i + 1; k <= j; k++) sum -= r[row + k]! * inverse[k * width + j]!;
      inverse[i * width + j] = sum / r[row + i]!;
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) r[(start + i) * n + start + j] = inverse[i * width + j]!;
  }
}

/** Columns first … last − 1 of the rows `row` … last − 1 of an upper triangular matrix, column after column. */
function columnsOf(r: Float32Array, n: number, row: number, first: number, last: number): Float32Array {
  const height = last - row;
  const columns = new Float32Array((last - first) * height);
  for (let i = row; i < last; i++) {
    for (let j = Math.max(i, first); j < last; j++) columns[(j - first) * height + i - row] = r[i * n + j]!;
  }
  return columns;
}
