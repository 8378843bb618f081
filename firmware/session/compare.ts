import type { LinearCall } from '../../sim/golden/decoder.js';

/** A value that the accelerator computed differently from the golden model. */
export interface Mismatch {
  /** Position of the token in the sequence. */
  readonly token: number;
  readonly layer: number;
  /** Name of the linear. */
  readonly linear: string;
  readonly row: number;
  readonly golden: number;
  readonly actual: number;
}

/** Counts the values compared and keeps the first mismatches. */
export class Comparison {
  static readonly KEPT = 20;
  compared = 0;
  mismatchCount = 0;
  readonly mismatches: Mismatch[] = [];

  /** Compares the rows of one call. A missing or surplus row counts as a mismatch. */
  add(call: LinearCall, golden: Int32Array, actual: Int32Array): void {
    const rows = Math.max(golden.length, actual.length);
    this.compared += rows;
    for (let row = 0; row < rows; row++) {
      if (golden[row] === actual[row]) continue;
      this.mismatchCount++;
      if (this.mismatches.length >= Comparison.KEPT) continue;
      const { layer, name: linear } = call.linear;
      this.mismatches.push({
        token: call.position,
        layer,
        linear,
        row,
        golden: golden[row] ?? Number.NaN,
        actual: actual[row] ?? Number.NaN,
      });
    }
  }
}

/** A mismatch as one line. */
export function describeMismatch({ token, layer, linear, row, golden, actual }: Mismatch): string {
  return `token ${token}, layer ${layer}, ${linear}, row ${row}: golden ${golden}, accelerator ${actual}`;
}
