/** Dense kernels in double precision on row-major matrices, blocked so that what is reused stays in the cache. */

/** Columns handled at a time: a few rows of so many doubles stay in the first-level cache, a panel of them in the second. */
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
 * A or B is one of C's.
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
  for (let k0 = 0; k0 < depth; k0 += DEPTH) {
    const length = Math.min(DEPTH, depth - k0);
    for (let i = 0; i < rows; i += 2) {
      // An odd last row is paired with itself, and its second result dropped.
      const pairedRow = i + 1 < rows;
      const a0 = a.offset + i * a.stride + k0;
      const a1 = pairedRow ? a0 + a.stride : a0;
      for (let j = 0; j < cols; j += 2) {
        const pairedCol = j + 1 < cols;
        const b0 = b.offset + j * b.stride + k0;
        const b1 = pairedCol ? b0 + b.stride : b0;
        let s00 = 0;
        let s01 = 0;
        let s10 = 0;
        let s11 = 0;
        for (let k = 0; k < length; k++) {
          const x0 = x[a0 + k]!;
          const x1 = x[a1 + k]!;
          const y0 = y[b0 + k]!;
          const y1 = y[b1 + k]!;
          s00 += x0 * y0;
          s01 += x0 * y1;
          s10 += x1 * y0;
          s11 += x1 * y1;
        }
        const at = c.offset + i * c.stride + j;
        z[at] = z[at]! + alpha * s00;
        if (pairedCol) z[at + 1] = z[at + 1]! + alpha * s01;
        if (!pairedRow) continue;
        z[at + c.stride] = z[at + c.stride]! + alpha * s10;
        if (pairedCol) z[at + c.stride + 1] = z[at + c.stride + 1]! + alpha * s11;
      }
    }
  }
}

/**
 * C ← C − A · B for A rows × depth and B depth × cols, C in single or double precision. B may be upper triangular from its
 * own diagonal on (element (k, k) the first that is not zero): pass `triangular` to skip its zeros.
 */
export function subtractProduct(
  c: { readonly data: Float32Array | Float64Array; readonly offset: number; readonly stride: number },
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
    for (let i = 0; i < rows; i++) {
      const row = c.offset + i * c.stride;
      const factors = a.offset + i * a.stride;
      let k = 0;
      for (; k + 4 <= lastDepth; k += 4) {
        const f0 = x[factors + k]!;
        const f1 = x[factors + k + 1]!;
        const f2 = x[factors + k + 2]!;
        const f3 = x[factors + k + 3]!;
        const b0 = b.offset + k * b.stride;
        const b1 = b0 + b.stride;
        const b2 = b1 + b.stride;
        const b3 = b2 + b.stride;
        for (let j = triangular ? Math.max(j0, k) : j0; j < j1; j++) {
          z[row + j] = z[row + j]! - (f0 * y[b0 + j]! + f1 * y[b1 + j]! + f2 * y[b2 + j]! + f3 * y[b3 + j]!);
        }
      }
      for (; k < lastDepth; k++) {
        const factor = x[factors + k]!;
        const b0 = b.offset + k * b.stride;
        for (let j = triangular ? Math.max(j0, k) : j0; j < j1; j++) z[row + j] = z[row + j]! - factor * y[b0 + j]!;
      }
    }
  }
}

/**
 * In place, the factorisation H = R · Rᵀ with R upper triangular, of a symmetric positive definite n × n matrix of which only the
 * upper triangle is read. The lower triangle is left undefined. Throws a RangeError if H is not positive definite.
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

/** In place, the inverse of the upper triangular n × n matrix in `r`'s upper triangle; the lower triangle is set to zero. */
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
