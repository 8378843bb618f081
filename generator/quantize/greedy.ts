import type { Alphabet } from '../plan/types.js';
import { type BlockFit, type BlockSearch, roundMantissa } from './block-search.js';

/** A greedy pass over the rows of a frame: each symbol in turn minimises the residual that the ones before it left. */
export interface GreedyPass {
  /** The longest row of the frame, in the Euclidean norm. */
  readonly longestRow: number;
  /** Number of orders in which the pass can visit the rows; 0 is the natural one. */
  readonly orders: number;
  /** Sets the block to approximate; the passes that follow refer to it. */
  load(target: Float64Array): void;
  /** Chooses `symbols` for the given scale, and sets `approximation` to symbolsᵀ · F (the shape's columns). */
  run(scale: number, order: number, symbols: Int8Array, approximation: Float64Array): void;
}

/** Ratio of neighbouring scales in the wide grid, with which the useful range is found. */
const WIDE_STEP = 1.06;
const WIDE_RANGE = [0.15, 2.5] as const;
/**
 * Scales tried per block, and how many standard deviations of the logarithm of the best scale they span to each side.
 */
const NARROW_STEPS = 12;
const NARROW_SPAN = 1.7;

/**
 * Search for the scale: a greedy pass for each scale of a grid, a least-squares refit of the scale for the symbols
 * found, and the best of all of them. Mantissas are rounded before the error is taken, so what is compared is what will
 * be stored.
 *
 * @param cols columns of the block
 * @param samples symbols of the block
 */
export function greedySearch(pass: GreedyPass, cols: number, samples: number, alphabet: Alphabet): BlockSearch {
  const trial = new Int8Array(samples);
  const approximation = new Float64Array(cols);
  // Scales are relative to the one at which the longest row of the frame alone is as long as the block, per column.
  const unitOf = (target: Float64Array): number => Math.sqrt(squares(target) / cols) / pass.longestRow;
  let grid: readonly number[] = geometric(WIDE_RANGE[0], WIDE_RANGE[1], WIDE_STEP);
  let largest: number = WIDE_RANGE[1];

  /** Tries the grid; `round` gives the nearest scale that can be stored, and `least` is the least but 0. */
  const search = (
    target: Float64Array,
    round: (scale: number) => number,
    least: number,
    symbols: Int8Array,
    at: number,
  ): { scale: number; gridPoint: number } => {
    const energy = squares(target);
    // Without a scale, the symbols are arbitrary; these compress and simulate well.
    symbols.fill(alphabet === 'ternary' ? 0 : 1, at, at + samples);
    let best = { scale: 0, gridPoint: 0 };
    if (energy === 0) return best;
    let bestError = energy;
    const unit = unitOf(target);
    pass.load(target);
    let previous = 0;
    for (const gridPoint of grid) {
      const tried = Math.max(least, round(unit * gridPoint));
      // Small mantissas lie farther apart than the grid's points.
      if (tried === previous) continue;
      previous = tried;
      for (let order = 0; order < pass.orders; order++) {
        pass.run(tried, order, trial, approximation);
        const along = dot(target, approximation);
        const length = squares(approximation);
        if (length === 0) continue;
        const scale = round(along / length);
        const error = energy - scale * (2 * along - scale * length);
        if (error < bestError) {
          bestError = error;
          best = { scale, gridPoint };
          symbols.set(trial, at);
        }
      }
    }
    return best;
  };

  return {
    prepare(sample) {
      const scratch = new Int8Array(samples);
      const tried: number[] = [];
      const fitted: number[] = [];
      for (const target of sample) {
        const { scale, gridPoint } = search(target, (exact) => exact, 0, scratch, 0);
        if (scale === 0) continue;
        tried.push(gridPoint);
        fitted.push(scale / unitOf(target));
      }
      if (tried.length === 0) return;
      // With two levels and few samples, the scale that fits is far from the one that was tried.
      const [low, high] = usualRange(tried);
      grid = geometric(low, high, (high / low) ** (1 / (NARROW_STEPS - 1)));
      largest = usualRange(fitted)[1];
    },
    amplitude: (target) => largest * unitOf(target),
    quantize(target, exponent, symbols, at): BlockFit {
      const ulp = 2 ** exponent;
      const { scale } = search(target, (exact) => roundMantissa(exact, exponent) * ulp, ulp, symbols, at);
      return { mantissa: scale / ulp, mean: 0 };
    },
  };
}

/**
 * The range in which nearly all of a distribution lies, given a sample of positive numbers whose logarithms it spreads.
 */
function usualRange(sample: readonly number[]): [number, number] {
  const logs = sample.map(Math.log);
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, logs.length - 1);
  const span = NARROW_SPAN * Math.max(Math.sqrt(variance), Math.log(WIDE_STEP));
  return [Math.exp(mean - span), Math.exp(mean + span)];
}

function geometric(first: number, last: number, ratio: number): number[] {
  const points: number[] = [];
  // A little beyond the last one, which rounding must not drop.
  for (let point = first; point <= last * Math.sqrt(ratio); point *= ratio) points.push(point);
  return points;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function squares(a: Float64Array): number {
  return dot(a, a);
}
