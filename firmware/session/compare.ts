import type { LinearCall } from '../../sim/golden/decoder.js';

/** A value that the accelerator computed differently from the golden model. */
export interface Mismatch {
  /** Position of the token in the sequence. */
  readonly token: number;
  /** null for logits. */
  readonly layer: number | null;
  /** Name of the linear, or `logits`. */
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
  add({ position, linear: { layer, name } }: LinearCall, golden: Int32Array, actual: Int32Array): void {
    this.#add({ token: position, layer, linear: name }, golden, actual);
  }

  /** Compares the logits of a token. */
  addLogits(position: number, golden: Int32Array, actual: Int32Array): void {
    this.#add({ token: position, layer: null, linear: 'logits' }, golden, actual);
  }

  #add(place: Pick<Mismatch, 'token' | 'layer' | 'linear'>, golden: Int32Array, actual: Int32Array): void {
    const rows = Math.max(golden.length, actual.length);
    this.compared += rows;
    for (let row = 0; row < rows; row++) {
      if (golden[row] === actual[row]) continue;
      this.mismatchCount++;
      if (this.mismatches.length >= Comparison.KEPT) continue;
      this.mismatches.push({ ...place, row, golden: golden[row] ?? Number.NaN, actual: actual[row] ?? Number.NaN });
    }
  }
}

/** A mismatch as one line. */
export function describeMismatch({ token, layer, linear, row, golden, actual }: Mismatch): string {
  const place = layer === null ? linear : `layer ${layer}, ${linear}`;
  return `token ${token}, ${place}, row ${row}: golden ${golden}, accelerator ${actual}`;
}
