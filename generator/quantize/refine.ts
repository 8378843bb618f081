import { type SearchEffort, SearchKernel, type SearchProblem } from '../kernel/search-kernel.js';
import type { Alphabet } from '../plan/types.js';
import { type BlockFit, type BlockSearch, LARGEST_MANTISSA, roundMantissa } from './block-search.js';

/** Least and greatest effort, and the one that is used without `--effort`. */
export const LEAST_EFFORT = 1;
export const GREATEST_EFFORT = 9;
export const DEFAULT_EFFORT = 5;

/** What each level of effort means for the plain error; each takes up to twice the time of the one before. */
const PLAIN_EFFORTS: readonly SearchEffort[] = [
  { starts: 1, keep: 1, rounds: 0, depth: 0 },
  { starts: 2, keep: 1, rounds: 0, depth: 0 },
  { starts: 4, keep: 1, rounds: 0, depth: 0 },
  { starts: 3, keep: 1, rounds: 1, depth: 2 },
  { starts: 4, keep: 1, rounds: 2, depth: 4 },
  { starts: 6, keep: 2, rounds: 3, depth: 6 },
  { starts: 8, keep: 4, rounds: 4, depth: 8 },
  { starts: 12, keep: 8, rounds: 6, depth: 12 },
  { starts: 20, keep: 16, rounds: 8, depth: 16 },
];

/** The same in a metric, where chains have to do what whole segments do in the plain error. */
const METRIC_EFFORTS: readonly SearchEffort[] = [
  { starts: 1, keep: 1, rounds: 0, depth: 0 },
  { starts: 2, keep: 1, rounds: 1, depth: 2 },
  { starts: 3, keep: 1, rounds: 2, depth: 4 },
  { starts: 4, keep: 1, rounds: 2, depth: 6 },
  { starts: 4, keep: 2, rounds: 3, depth: 6 },
  { starts: 6, keep: 3, rounds: 3, depth: 8 },
  { starts: 8, keep: 4, rounds: 4, depth: 8 },
  { starts: 12, keep: 8, rounds: 6, depth: 12 },
  { starts: 20, keep: 16, rounds: 8, depth: 16 },
];

/** Scales that the wide grid tries, relative to a block's unit, when the useful range is not known yet. */
const WIDE_RANGE = [0.2, 2.5] as const;
const WIDE_STEPS = 16;
/** Standard deviations of the logarithm of the best scale to start from that the grid reaches to each side. */
const SPAN = 1.5;
/** How much wider the range is in a metric than in the plain error. */
const METRIC_SPAN = 1.5;
/** Least standard deviation of the logarithm of the best scale that a small sample is believed. */
const LEAST_SPREAD = 0.03;
/** Standard deviations beyond which no block's scale is expected. */
const FAR = 4;
/** Mantissas below this are so coarse that the symbols are fitted to the rounded scale once more. */
const COARSE_MANTISSA = 64;

/** Where a block's scales are expected, relative to its unit. */
interface ScaleRange {
  /** Mean and standard deviation of the logarithm of the best scale to start from. */
  readonly center: number;
  readonly spread: number;
  /** The largest scale that fits a block. */
  readonly largest: number;
}

/** One kernel serves all searches of a thread; it is loaded anew when another one is at work. */
let kernel: SearchKernel | null = null;
let loaded: object | null = null;

export interface RefineShape extends Omit<SearchProblem, 'metric' | 'alphabet'> {
  readonly alphabet: Alphabet;
}

/**
 * The search with refinement, for any frame, alphabet and metric: descents from a few scales, and changes of single
 * symbols that are answered by the best choice of others (see ../kernel/assembly/search.ts).
 *
 * @param effort 1 … 9
 */
export function refineSearch(shape: RefineShape, effort: number): BlockSearch {
  const { cols } = shape;
  const plainLevel = PLAIN_EFFORTS[effort - 1];
  const metricLevel = METRIC_EFFORTS[effort - 1];
  if (plainLevel === undefined || metricLevel === undefined)
    throw new RangeError(`effort ${effort} is not one of ${LEAST_EFFORT} … ${GREATEST_EFFORT}`);
  const longestRow = longest(shape);
  let metric: Float64Array | null = null;
  let level = plainLevel;
  let token = {};
  let range: ScaleRange = { center: Math.log(0.7), spread: LEAST_SPREAD, largest: WIDE_RANGE[1] };

  const load = (): SearchKernel => {
    kernel ??= new SearchKernel();
    if (loaded !== token) {
      kernel.load({ ...shape, metric }, level);
      loaded = token;
    }
    return kernel;
  };
  /** Scales are relative to the one at which the longest row of the frame alone is as long as the block, per column. */
  const unitOf = (target: Float64Array): number =>
    Math.sqrt(target.reduce((sum, x) => sum + x * x, 0) / cols) / longestRow;
  const gridFor = (unit: number): number[] => {
    const span = SPAN * range.spread * (metric === null ? 1 : METRIC_SPAN);
    const { starts } = level;
    return Array.from({ length: starts }, (_, i) => {
      const position = (2 * i + 1) / starts - 1;
      return unit * Math.exp(range.center + span * position);
    });
  };

  return {
    prepare(sample) {
      const search = load();
      const tried: number[] = [];
      const fitted: number[] = [];
      for (const target of sample) {
        const unit = unitOf(target);
        if (unit === 0) continue;
        let best = { score: 0, start: 0, scale: 0 };
        for (let i = 0; i < WIDE_STEPS; i++) {
          const start = WIDE_RANGE[0] * (WIDE_RANGE[1] / WIDE_RANGE[0]) ** (i / (WIDE_STEPS - 1));
          const scale = search.search(target, [unit * start], { ...level, rounds: Math.min(1, level.rounds) });
          if (search.score > best.score) best = { score: search.score, start, scale: scale / unit };
        }
        if (best.score === 0) continue;
        tried.push(Math.log(best.start));
        fitted.push(Math.log(best.scale));
      }
      if (tried.length > 0) {
        const center = mean(tried);
        const spread = Math.max(LEAST_SPREAD, deviation(tried));
        const largest = Math.exp(mean(fitted) + FAR * Math.max(LEAST_SPREAD, deviation(fitted)));
        range = { center, spread, largest };
      }
      return range;
    },
    resume(prepared) {
      range = prepared as ScaleRange;
    },
    amplitude: (target) => range.largest * unitOf(target),
    useMetric(next) {
      metric = next;
      level = next === null ? plainLevel : metricLevel;
      token = {};
    },
    quantize(target, exponent, symbols, at): BlockFit {
      const unit = unitOf(target);
      const search = load();
      const ulp = 2 ** exponent;
      const exact = unit === 0 ? 0 : search.search(target, gridFor(unit), level);
      // A block whose best scale rounds to zero, or is beyond what can be stored, takes the nearest that can be,
      let mantissa = exact === 0 ? 0 : Math.max(1, roundMantissa(exact, exponent));
      if (mantissa > 0 && (mantissa < COARSE_MANTISSA || mantissa === LARGEST_MANTISSA)) {
        search.settle(mantissa * ulp);
        // unless that is worse than none.
        if (!(search.score > 0)) mantissa = 0;
      }
      if (mantissa === 0) {
        // Without a scale, the symbols are arbitrary; these compress and simulate well.
        symbols.fill(shape.alphabet === 'ternary' ? 0 : 1, at, at + shape.samples);
        return { mantissa, mean: 0 };
      }
      symbols.set(search.symbols, at);
      return { mantissa, mean: 0 };
    },
  };
}

/** The length of the longest row of the frame. */
function longest({ frame, samples, cols }: RefineShape): number {
  let most = 0;
  for (let j = 0; j < samples; j++) {
    let squares = 0;
    for (let i = 0; i < cols; i++) squares += frame[j * cols + i]! ** 2;
    most = Math.max(most, squares);
  }
  return Math.sqrt(most);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - center) ** 2, 0) / Math.max(1, values.length - 1));
}
