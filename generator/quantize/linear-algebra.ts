/** Dense kernels in double precision on row-major matrices, blocked so that what is reused stays in the cache. */

/** Columns handled at a time: 256 doubles of each of a tile's rows stay in the first-level cache. */
const DEPTH = 256;
const PANEL = 48;

/** Where a sub-matrix lies: its first element and the distance between its rows. */
export interface MatrixView {
  readonly data: Float64Array;
  readonly offset: number;
  readonly stride: number;
}

/**
 * C ← C + alpha · A · Bᵀ for A rows × depth and B cols × depth. C may share its memory with A or B as long as no element of
 * A or B is written. With `upper`, only elements with column ≥ row are written.
 */
export function addProductTransposed(
  c: MatrixView,
  a: MatrixView,
  b: MatrixView,
  rows: number,
  cols: number,
  depth: number,
  alpha: number,
  upper = false,
): void {
  const x = a.data;
  const y = b.data;
  const z = c.data;
  for (let k0 = 0; k0 < depth; k0 += DEPTH) {
    const length = Math.min(DEPTH, depth - k0);
    for (let j = 0; j < cols; j++) {
      const b0 = b.offset + j * b.stride + k0;
      const lastRow = upper ? Math.min(rows, j + 1) : rows;
      let i = 0;
      for (; i + 4 <= lastRow; i += 4) {
        const a0 = a.offset + i * a.stride + k0;
        const a1 = a0 + a.stride;
        const a2 = a1 + a.stride;
        const a3 = a2 + a.stride;
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        for (let k = 0; k < length; k++) {
          const value = y[b0 + k]!;
          s0 += x[a0 + k]! * value;
          s1 += x[a1 + k]! * value;
          s2 += x[a2 + k]! * value;
          s3 += x[a3 + k]! * value;
        }
        const at = c.offset + i * c.stride + j;
        z[at] = z[at]! + alpha * s0;
        z[at + c.stride] = z[at + c.stride]! + alpha * s1;
        z[at + 2 * c.stride] = z[at + 2 * c.stride]! + alpha * s2;
        z[at + 3 * c.stride] = z[at + 3 * c.stride]! + alpha * s3;
      }
      for (; i < lastRow; i++) {
        const a0 = a.offset + i * a.stride + k0;
        let sum = 0;
        for (let k = 0; k < length; k++) sum += x[a0 + k]! * y[b0 + k]!;
        const at = c.offset + i * c.stride + j;
        z[at] = z[at]! + alpha * sum;
      }
    }
  }
}

/**
 * In place, the factorisation H = R · Rᵀ with R upper triangular, of the symmetric positive definite n × n matrix whose upper
 * triangle `h` holds; the lower triangle is neither read nor written. Throws a RangeError if H is not positive definite.
 */
export function upperCholesky(h: Float64Array, n: number): void {
  // From the last column to the first, a panel of columns at a time.
  for (let end = n; end > 0; end -= PANEL) {
    const start = Math.max(0, end - PANEL);
    const done = n - end;
    // What the columns to the right contribute to the panel, its own rows included.
    if (done > 0) {
      const right: MatrixView = { data: h, offset: end, stride: n };
      const rightOfPanel: MatrixView = { data: h, offset: start * n + end, stride: n };
      const above: MatrixView = { data: h, offset: start, stride: n };
      addProductTransposed(above, right, rightOfPanel, start, end - start, done, -1);
      const corner: MatrixView = { data: h, offset: start * n + start, stride: n };
      addProductTransposed(corner, rightOfPanel, rightOfPanel, end - start, end - start, done, -1, true);
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

/** In place, the inverse of the upper triangular n × n matrix `r`; the lower triangle is set to zero. */
export function invertUpper(r: Float64Array, n: number): void {
  // Row i of the inverse is (e_i − Σ_{k>i} R[i][k] · inverse[k]) / R[i][i]; rows below it are inverses already.
  const panel = new Float64Array(PANEL * n);
  for (let end = n; end > 0; end -= PANEL) {
    const start = Math.max(0, end - PANEL);
    panel.fill(0);
    subtractProduct(panel, r, n, start, end);
    for (let i = end - 1; i >= start; i--) {
      const row = (i - start) * n;
      panel[row + i] = panel[row + i]! + 1;
      for (let k = i + 1; k < end; k++) {
        const factor = r[i * n + k]!;
        const below = (k - start) * n;
        for (let j = k; j < n; j++) panel[row + j] = panel[row + j]! - factor * panel[below + j]!;
      }
      const pivot = r[i * n + i]!;
      for (let j = i; j < n; j++) panel[row + j] = panel[row + j]! / pivot;
    }
    r.set(panel.subarray(0, (end - start) * n), start * n);
  }
}

/** panel ← panel − R[start:end, end:] · inverse[end:, end:], the inverse lying in the rows of `r` from `end` on. */
function subtractProduct(panel: Float64Array, r: Float64Array, n: number, start: number, end: number): void {
  for (let j0 = end; j0 < n; j0 += DEPTH) {
    const j1 = Math.min(n, j0 + DEPTH);
    // Two rows of the inverse at a time; it is zero left of its diagonal.
    for (let k = end; k < j1; k += 2) {
      const paired = k + 1 < n;
      const first = k * n;
      const second = paired ? first + n : first;
      for (let i = start; i < end; i++) {
        const f0 = r[i * n + k]!;
        const f1 = paired ? r[i * n + k + 1]! : 0;
        const row = (i - start) * n;
        for (let j = Math.max(j0, k); j < j1; j++) {
          panel[row + j] = panel[row + j]! - f0 * r[first + j]! - f1 * r[second + j]!;
        }
      }
    }
  }
}
