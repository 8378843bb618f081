/**
 * Dense kernels on upper triangular float32 matrices (upper-triangle.ts), a panel of columns at a time: what a panel takes from
 * the rest of the matrix are inner products in WebAssembly, what happens within it is done in double precision.
 */

import { multiplyRows } from '../kernel/multiply.js';
import { rowOf, stripFirst, strips } from './upper-triangle.js';

/** Columns of a panel; panels do not cross strips. */
const PANEL = 64;

/**
 * In place, the factorisation H = R · Rᵀ with R upper triangular, of a symmetric positive definite n × n matrix of
 * which only the upper triangle is read. What lies below the diagonal is left undefined.
 *
 * @throws RangeError if H is not positive definite
 */
export function upperCholesky(h: Float32Array, n: number): void {
  // From the last column to the first, a panel of columns at a time.
  for (let start = PANEL * Math.floor((n - 1) / PANEL); start >= 0; start -= PANEL) {
    const end = Math.min(n, start + PANEL);
    if (end < n) {
      // What the finished columns to the right contribute to the panel, from its own rows up.
      const panelStride = n - stripFirst(start);
      const rowsOfPanel = { data: h, offset: rowOf(n, start) + end, stride: panelStride, rows: end - start };
      for (const { first, rows, stride } of strips(n, end)) {
        const row = rowOf(n, first);
        const rowsAbove = { data: h, offset: row + end, stride, rows };
        multiplyRows(rowsOfPanel, rowsAbove, n - end, h, row + start, stride, -1, true);
      }
    }
    for (let j = end - 1; j >= start; j--) {
      const pivotRow = rowOf(n, j);
      let pivot = h[pivotRow + j]!;
      for (let k = j + 1; k < end; k++) pivot -= h[pivotRow + k]! ** 2;
      if (!(pivot > 0)) throw new RangeError(`the Hessian is not positive definite at column ${j}`);
      const root = Math.sqrt(pivot);
      h[pivotRow + j] = root;
      for (let i = 0; i < j; i++) {
        const row = rowOf(n, i);
        let sum = h[row + j]!;
        for (let k = j + 1; k < end; k++) sum -= h[row + k]! * h[pivotRow + k]!;
        h[row + j] = sum / root;
      }
    }
  }
}

/** In place, the inverse of the upper triangular n × n matrix in `r`; within strips it is zero below the diagonal. */
export function invertUpper(r: Float32Array, n: number): void {
  // Column panels from the left. With R = [R₁ C; 0 R₂], the inverse is [R₁⁻¹ −R₁⁻¹ C R₂⁻¹; 0 R₂⁻¹]; R₁ is done already.
  for (let start = 0; start < n; start += PANEL) {
    const end = Math.min(n, start + PANEL);
    const width = end - start;
    invertSmall(r, n, start, end);
    if (start > 0) {
      const inverse = { data: columnsOf(r, n, start, end), offset: 0, stride: width, rows: width };
      // First C R₂⁻¹, then R₁⁻¹ times that; rows of the second factor are needed side by side.
      const product = new Float32Array(start * width);
      const above = strips(n, start);
      for (const { first, rows, offset, stride } of above) {
        const strip = { data: r, offset: offset + start - first, stride, rows };
        multiplyRows(inverse, strip, width, product, first * width, width, 1, false);
      }
      const columns = new Float32Array(width * start);
      for (let i = 0; i < start; i++) for (let j = 0; j < width; j++) columns[j * start + i] = product[i * width + j]!;
      for (const { first, rows, offset, stride } of above) {
        const strip = { data: r, offset, stride, rows };
        const below = { data: columns, offset: first, stride: start, rows: width };
        multiplyRows(below, strip, start - first, product, first * width, width, -1, false);
      }
      for (let i = 0; i < start; i++) r.set(product.subarray(i * width, (i + 1) * width), rowOf(n, i) + start);
    }
    const first = stripFirst(start);
    for (let i = start; i < end; i++) r.fill(0, rowOf(n, i) + first, rowOf(n, i) + i);
  }
}

/** Inverts the diagonal block of rows and columns start … end − 1. */
function invertSmall(r: Float32Array, n: number, start: number, end: number): void {
  const width = end - start;
  const inverse = new Float64Array(width * width);
  for (let j = 0; j < width; j++) {
    for (let i = j; i >= 0; i--) {
      const row = rowOf(n, start + i) + start;
      let sum = i === j ? 1 : 0;
      for (let k = i + 1; k <= j; k++) sum -= r[row + k]! * inverse[k * width + j]!;
      inverse[i * width + j] = sum / r[row + i]!;
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) r[rowOf(n, start + i) + start + j] = inverse[i * width + j]!;
  }
}

/** The diagonal block of rows and columns start … end − 1, column after column. */
function columnsOf(r: Float32Array, n: number, start: number, end: number): Float32Array {
  const width = end - start;
  const columns = new Float32Array(width * width);
  for (let i = 0; i < width; i++) {
    const row = rowOf(n, start + i) + start;
    for (let j = i; j < width; j++) columns[j * width + i] = r[row + j]!;
  }
  return columns;
}
