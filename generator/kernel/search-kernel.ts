import type { Alphabet } from '../plan/types.js';
import { instantiate } from './instantiate.js';

/** The functions of assembly/search.ts; addresses are byte offsets into the memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(
    samples: number,
    cols: number,
    segment: number,
    binary: boolean,
    hasMetric: boolean,
    starts: number,
    keep: number,
  ): void;
  prepare(): void;
  search(starts: number, rounds: number, depth: number): number;
  settle(scale: number): void;
  scoreOfSearch(): number;
  rowStride(): number;
  frameAt(): number;
  metricAt(): number;
  targetAt(): number;
  scalesAt(): number;
  resultAt(): number;
}

/** Fewer rows do not fill the kernel's vectors. */
export const LEAST_SEGMENT = 8;

export interface SearchProblem {
  /** The frame F: samples × cols, row-major. */
  readonly frame: Float64Array;
  readonly samples: number;
  readonly cols: number;
  /** Rows of F in a segment (a power of two ≥ LEAST_SEGMENT), if they are orthogonal and equally long; else 0. */
  readonly segment: number;
  readonly alphabet: Alphabet;
  /** M, cols × cols, symmetric, of the error e · M · eᵀ; null for the identity. */
  readonly metric: Float64Array | null;
}

/** How long to search; see assembly/search.ts. */
export interface SearchEffort {
  /** Scales to start from. */
  readonly starts: number;
  /** Best local minima that are refined. */
  readonly keep: number;
  /** Most rounds of refinement of each. */
  readonly rounds: number;
  /** Most changes that answer one, where a segment cannot answer as a whole. */
  readonly depth: number;
}

/**
 * The search of assembly/search.ts with its memory: for blocks of one shape and one metric after another. It computes
 * in float32, the same on every platform.
 */
export class SearchKernel {
  readonly #exports = instantiate<Exports>();
  #target = new Float32Array(0);
  #scales = new Float32Array(0);
  #result = new Int8Array(0);

  /** Sets up the frame and the metric of the searches that follow, each with at most this effort. */
  load({ frame, samples, cols, segment, alphabet, metric }: SearchProblem, { starts, keep }: SearchEffort): void {
    const kernel = this.#exports;
    kernel.configure(samples, cols, segment, alphabet === 'binary', metric !== null, starts, keep);
    const { buffer } = kernel.memory;
    const stride = kernel.rowStride();
    const copy = (matrix: Float64Array, at: number): void => {
      const rows = matrix.length / cols;
      const view = new Float32Array(buffer, at, rows * stride);
      for (let row = 0; row < rows; row++) view.set(matrix.subarray(row * cols, (row + 1) * cols), row * stride);
    };
    copy(frame, kernel.frameAt());
    if (metric !== null) copy(metric, kernel.metricAt());
    kernel.prepare();
    this.#target = new Float32Array(buffer, kernel.targetAt(), cols);
    this.#scales = new Float32Array(buffer, kernel.scalesAt(), starts);
    this.#result = new Int8Array(buffer, kernel.resultAt(), samples);
  }

  /**
   * Searches for the symbols of a block (`cols` weights), from the given scales on; they are in `symbols` then.
   *
   * @returns the scale that fits the symbols best; 0 if no symbols are better than none
   */
  search(target: ArrayLike<number>, scales: readonly number[], { rounds, depth }: SearchEffort): number {
    this.#target.set(target);
    this.#scales.set(scales);
    return this.#exports.search(scales.length, rounds, depth);
  }

  /** By how much the error of the last search is less than w · M · wᵀ; after `settle`, that at its scale. */
  get score(): number {
    return this.#exports.scoreOfSearch();
  }

  /** Descends from the symbols found, at another scale. */
  settle(scale: number): void {
    this.#exports.settle(scale);
  }

  /** The symbols found, until the next search. */
  get symbols(): Int8Array {
    return this.#result;
  }
}
