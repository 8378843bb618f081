import type { Alphabet } from '../plan/types.js';
import { type BlockFit, type BlockSearch, LARGEST_MANTISSA, roundMantissa } from './block-search.js';

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
/** Scales tried per block, and how many standard deviations of the logarithm of the best scale they span to each side. */
const NARROW_STEPS = 12;
const NARROW_SPAN = 1.7;

/**
 * Search for the scale: a greedy pass for each scale of a grid, a least-squares refit of the scale for the symbols found, and
 * the best of all of them. Mantissas are rounded before the error is taken, so what is compared is what will be stored.
 *
 * @param cols columns of the block
 * @param samples symbols of the block
 */
export function greedySearch(pass: GreedyPass, cols: number, samples: number, alphabet: Alphabet): BlockSearch {
  const trial = new Int8Array(samples);
  const approximation = new Float64Array(cols);
  // Grid points are relative to the scale at which the longest row of the frame alone has the length of a column's share.
  const unitOf = (target: Float64Array): number => Math.sqrt(squares(target) / cols) / pass.longestRow;
  let grid: readonly number[] = geometric(WIDE_RANGE[0], WIDE_RANGE[1], WIDE_STEP);
  let largest = 1;

  const search = (
    target: Float64Array,
    exponent: number,
    symbols: Int8Array,
    at: number,
  ): { mantissa: number; gridPoint: number } => {
    const energy = squares(target);
    // Without a scale, the symbols are arbitrary; these compress and simulate well.
    symbols.fill(alphabet === 'ternary' ? 0 : 1, at, at + samples);
    let best = { mantissa: 0, gridPoint: 0 };
    if (energy === 0) return best;
    let bestError = energy;
    const ulp = 2 ** exponent;
    const unit = unitOf(target);
    pass.load(target);
    let previous = 0;
    for (const gridPoint of grid) {
      const tried = Math.max(1, roundMantissa(unit * gridPoint, exponent));
      // Small mantissas lie farther apart than the grid's points.
      if (tried === previous) continue;
      previous = tried;
      for (let order = 0; order < pass.orders; order++) {
        pass.run(tried * ulp, order, trial, approximation);
        const along = dot(target, approximation);
        const length = squares(approximation);
        if (length === 0) continue;
        const mantissa = roundMantissa(along / length, exponent);
        const scale = mantissa * ulp;
        const error = energy - scale * (2 * along - scale * length);
        if (error < bestError) {
          bestError = error;
          best = { mantissa, gridPoint };
          symbols.set(trial, at);
        }
      }
    }
    return best;
  };

  return {
    prepare(sample) {
      const scratch = new Int8Array(samples);
      const logs: number[] = [];
      for (const target of sample) {
        // An exponent so fine that rounding plays no part.
        const unit = unitOf(target);
        if (unit === 0) continue;
        const exponent = Math.ceil(Math.log2((unit * WIDE_RANGE[1]) / LARGEST_MANTISSA));
        const { gridPoint } = search(target, exponent, scratch, 0);
        if (gridPoint > 0) logs.push(Math.log(gridPoint));
      }
      if (logs.length < 2) return;
      const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
      const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (logs.length - 1);
      const span = NARROW_SPAN * Math.max(Math.sqrt(variance), Math.log(WIDE_STEP));
      grid = geometric(Math.exp(mean - span), Math.exp(mean + span), Math.exp((2 * span) / (NARROW_STEPS - 1)));
      largest = Math.exp(mean + span);
    },
    amplitude: (target) => largest * unitOf(target),
    quantize(target, exponent, symbols, at): BlockFit {
      return { mantissa: search(target, exponent, symbols, at).mantissa, mean: 0 };
    },
  };
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
