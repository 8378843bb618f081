/** Dense kernels in double precision on row-major matrices, blocked so that what is reused stays in the cache. */

/**
 * Columns handled at a time: a few rows of so many doubles stay in the first-level cache, a panel of them in the
 * second.
 */
const DEPTH = 256;
const PANEL = 48;

/** Where a sub-matrix lies: its first element and the distance between its rows. */
export interface MatrixView {
  readonly data: Float64Array;
  readonly offset: number;
  readonly stride: number;
}

/**
 * C ← C + alpha · A · Bᵀ for A rows × depth and B cols × depth. C may share its memory with A or B as long as no
 * element of A or B is one of C's.
 */
export function addProductTransposed(
  c: MatrixView,
  a: MatrixView,
  b: MatrixView,
  rows: number,
  cols: number,
  depth: number,
  alpha: number,
): void {
  const x = a.data;
  const y = b.data;
  const z = c.data;
  const lastRow = a.offset + (rows - 1) * a.stride;
  const lastCol = b.offset + (cols - 1) * b.stride;
  const sums = new Float64Array(8);
  for (let k0 = 0; k0 < depth; k0 += DEPTH) {
    const length = Math.min(DEPTH, depth - k0);
    // Four rows by two columns at a time; beyond the edge the last ones are repeated, and their sums dropped.
    for (let i = 0; i < rows; i += 4) {
      const first = a.offset + i * a.stride;
      const a0 = first + k0;
      const a1 = Math.min(first + a.stride, lastRow) + k0;
      const a2 = Math.min(first + 2 * a.stride, lastRow) + k0;
      const a3 = Math.min(first + 3 * a.stride, lastRow) + k0;
      for (let j = 0; j < cols; j += 2) {
        const b0 = b.offset + j * b.stride + k0;
        const b1 = Math.min(b0 - k0 + b.stride, lastCol) + k0;
        let s00 = 0;
        let s01 = 0;
        let s10 = 0;
        let s11 = 0;
        let s20 = 0;
        let s21 = 0;
        let s30 = 0;
        let s31 = 0;
        for (let k = 0; k < length; k++) {
          const y0 = y[b0 + k]!;
          const y1 = y[b1 + k]!;
          const x0 = x[a0 + k]!;
          s00 += x0 * y0;
          s01 += x0 * y1;
          const x1 = x[a1 + k]!;
          s10 += x1 * y0;
          s11 += x1 * y1;
          const x2 = x[a2 + k]!;
          s20 += x2 * y0;
          s21 += x2 * y1;
          const x3 = x[a3 + k]!;
          s30 += x3 * y0;
          s31 += x3 * y1;
        }
        sums[0] = s00;
        sums[1] = s01;
        sums[2] = s10;
        sums[3] = s11;
        sums[4] = s20;
        sums[5] = s21;
        sums[6] = s30;
        sums[7] = s31;
        for (let r = 0; r < 4 && i + r < rows; r++) {
          const at = c.offset + (i + r) * c.stride + j;
          z[at] = z[at]! + alpha * sums[2 * r]!;
          if (j + 1 < cols) z[at + 1] = z[at + 1]! + alpha * sums[2 * r + 1]!;
        }
      }
    }
  }
}

/**
 * C ← C − A · B for A rows × depth and B depth × cols. With `triangular`, B is upper triangular from its first element
 * on, and its zeros are skipped.
 */
export function subtractProduct(
  c: MatrixView,
  a: MatrixView,
  b: MatrixView,
  rows: number,
  cols: number,
  depth: number,
  triangular = false,
): void {
  const x = a.data;
  const y = b.data;
  const z = c.data;
  for (let j0 = 0; j0 < cols; j0 += DEPTH) {
    const j1 = Math.min(cols, j0 + DEPTH);
    const lastDepth = triangular ? Math.min(depth, j1) : depth;
    for (let i = 0; i < rows; i += 2) {
      // Two rows of C by four of B at a time. An odd last row is paired with itself, once with factors of zero.
      const paired = i + 1 < rows;
      const c0 = c.offset + i * c.stride;
      const c1 = paired ? c0 + c.stride : c0;
      const f = a.offset + i * a.stride;
      const g = paired ? f + a.stride : f;
      const pair = paired ? 1 : 0;
      let k = 0;
      for (; k + 4 <= lastDepth; k += 4) {
        const f0 = x[f + k]!;
        const f1 = x[f + k + 1]!;
        const f2 = x[f + k + 2]!;
        const f3 = x[f + k + 3]!;
        const g0 = x[g + k]! * pair;
        const g1 = x[g + k + 1]! * pair;
        const g2 = x[g + k + 2]! * pair;
        const g3 = x[g + k + 3]! * pair;
        const b0 = b.offset + k * b.stride;
        const b1 = b0 + b.stride;
        const b2 = b1 + b.stride;
        const b3 = b2 + b.stride;
        for (let j = triangular ? Math.max(j0, k) : j0; j < j1; j++) {
          const y0 = y[b0 + j]!;
          const y1 = y[b1 + j]!;
          const y2 = y[b2 + j]!;
          const y3 = y[b3 + j]!;
          z[c0 + j] = z[c0 + j]! - (f0 * y0 + f1 * y1 + f2 * y2 + f3 * y3);
          z[c1 + j] = z[c1 + j]! - (g0 * y0 + g1 * y1 + g2 * y2 + g3 * y3);
        }
      }
      for (; k < lastDepth; k++) {
        const f0 = x[f + k]!;
        const g0 = x[g + k]! * pair;
        const b0 = b.offset + k * b.stride;
        for (let j = triangular ? Math.max(j0, k) : j0; j < j1; j++) {
          z[c0 + j] = z[c0 + j]! - f0 * y[b0 + j]!;
          z[c1 + j] = z[c1 + j]! - g0 * y[b0 + j]!;
        }
      }
    }
  }
}

/**
 * In place, the factorisation H = R · Rᵀ with R upper triangular, of a symmetric positive definite n × n matrix of
 * which only the upper triangle is read. The lower triangle is left undefined. Throws a RangeError if H is not positive
 * definite.
 */
export function upperCholesky(h: Float64Array, n: number): void {
  // From the last column to the first, a panel of columns at a time.
  for (let end = n; end > 0; end -= PANEL) {
    const start = Math.max(0, end - PANEL);
    const width = end - start;
    if (end < n) {
      // What the finished columns to the right contribute to the panel, from its own rows up.
      const panel: MatrixView = { data: h, offset: start, stride: n };
      const right: MatrixView = { data: h, offset: end, stride: n };
      const rightOfPanel: MatrixView = { data: h, offset: start * n + end, stride: n };
      addProductTransposed(panel, right, rightOfPanel, end, width, n - end, -1);
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
export function invertUpper(r: Float64Array, n: number): void {
  // Row i of the inverse is (e_i − Σ_{k>i} R[i][k] · inverse[k]) / R[i][i]; the rows below it are inverted already.
  const panel = new Float64Array(PANEL * n);
  for (let end = n; end > 0; end -= PANEL) {
    const start = Math.max(0, end - PANEL);
    const width = end - start;
    panel.fill(0);
    const below = n - end;
    subtractProduct(
      { data: panel, offset: end, stride: n },
      { data: r, offset: start * n + end, stride: n },
      { data: r, offset: end * n + end, stride: n },
      width,
      below,
      below,
      true,
    );
    for (let i = end - 1; i >= start; i--) {
      const row = (i - start) * n;
      panel[row + i] = 1;
      for (let k = i + 1; k < end; k++) {
        const factor = r[i * n + k]!;
        const finished = (k - start) * n;
        for (let j = k; j < n; j++) panel[row + j] = panel[row + j]! - factor * panel[finished + j]!;
      }
      const pivot = r[i * n + i]!;
      for (let j = i; j < n; j++) panel[row + j] = panel[row + j]! / pivot;
    }
    r.set(panel.subarray(0, width * n), start * n);
  }
}
