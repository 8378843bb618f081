/**
 * How upper triangular matrices lie in memory: strips of 256 rows one after another, each a rectangle from the column of
 * its first row on, row-major. So a strip is a matrix of its own for products, and n × n take little more than half.
 * Within a strip, what lies below the diagonal belongs to nobody unless a function says so.
 */

import { ceilDiv } from '../sizing/integers.js';

/** Rows of a strip. */
export const STRIP = 256;

/** A strip of an n × n matrix: `rows` rows from `first` on, of the columns from `first` on. */
export interface Strip {
  readonly first: number;
  readonly rows: number;
  /** Its place, and values from one of its rows to the next. */
  readonly offset: number;
  readonly stride: number;
}

/** Values of an n × n matrix. */
export function triangleSize(n: number): number {
  return strips(n).reduce((sum, { rows, stride }) => sum + rows * stride, 0);
}

/** The strips that rows 0 … `rows` − 1 of an n × n matrix lie in, the last one cut off there. */
export function strips(n: number, rows = n): readonly Strip[] {
  return Array.from({ length: ceilDiv(rows, STRIP) }, (_, s) => {
    const first = s * STRIP;
    const count = Math.min(STRIP, rows - first);
    return { first, rows: count, offset: rowOf(n, first) + first, stride: n - first };
  });
}

/** The first row, and column, of the strip that row i lies in. */
export const stripFirst = (i: number): number => i - (i % STRIP);

/** Where row i of an n × n matrix lies: its column j ≥ i is at rowOf(n, i) + j. */
export function rowOf(n: number, i: number): number {
  const first = stripFirst(i);
  const strip = first / STRIP;
  // Strips before it have n, n − 256, … columns.
  const before = STRIP * (strip * n - (STRIP * strip * (strip - 1)) / 2);
  return before + (i - first) * (n - first) - first;
}
