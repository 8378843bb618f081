import { InputError } from '../errors.js';
import { blocksOf, type LinearBlock, symbolsPerRow } from '../plan/blocks.js';
import type { PlanLinear } from '../plan/types.js';
import { type BlockSearch, exponentFor } from './block-search.js';
import { denseGreedy } from './dense-greedy.js';
import { type SigmaDeltaOptions, sigmaDeltaSearch } from './fourier-block.js';
import { type Frame, frameOf, hadamardSegments } from './frame.js';
import { greedySearch } from './greedy.js';
import { hadamardGreedy } from './hadamard-greedy.js';
import type { Hessian } from './hessian.js';
import { subtractProduct } from './linear-algebra.js';
import type { QuantizedLinear } from './types.js';

export type SearchName = 'sigma-delta' | 'greedy';

/**
 * How the error of a block reaches the columns after it: `published` divides it by the diagonal of the factor, as SDQ-LLM does;
 * `exact` solves with the factor's diagonal block, which is the least-squares compensation of a block that is quantized at once
 * (up to 1.3 dB more in the linear's output, on correlated inputs).
 */
export type FeedbackRule = 'published' | 'exact';

export interface QuantizeLinearOptions {
  readonly search: SearchName;
  readonly sigmaDelta?: SigmaDeltaOptions;
  /** Statistics of the linear's input; with them, each block's error is fed forward into the columns after it. */
  readonly hessian?: Hessian | null;
  /** Default: `published` with `sigma-delta`, else `exact`. */
  readonly feedback?: FeedbackRule;
}

export interface QuantizeLinearResult {
  readonly quantized: QuantizedLinear;
  /** 10 · log10(Σw² / Σ(w − ŵ)²) over the linear; Infinity if nothing was lost. */
  readonly snrDb: number;
}

/** Blocks from which a search learns what to expect. */
const SAMPLE_BLOCKS = 32;
/** Rows to which errors are fed forward at a time, in double precision. */
const FEEDBACK_ROWS = 32;
/** Feedback makes the later blocks larger than they were when the exponent was chosen. */
const FEEDBACK_HEADROOM = 1.25;

/**
 * Quantizes one linear according to its plan.
 *
 * @param weights rows × cols, row-major
 * @param signs the plan's sign patterns
 * @throws InputError if the search does not fit the frame, the weights do not fit the plan, or a weight is not finite
 */
export function quantizeLinear(
  weights: Float32Array,
  plan: PlanLinear,
  signs: readonly string[],
  options: QuantizeLinearOptions,
): QuantizeLinearResult {
  checkInput(weights, plan, options);
  const { rows, cols } = plan;
  const blocks = blocksOf(plan);
  const perRow = symbolsPerRow(plan);
  const factor = options.hessian?.factor ?? null;
  const rule = options.feedback ?? (options.search === 'sigma-delta' ? 'published' : 'exact');
  // Feedback changes the weights of the columns that are still to come.
  const work = factor === null ? weights : weights.slice();
  const searches = createSearches(plan, blocks, signs, options);
  for (const [block, search] of searches) search.prepare(sampleBlocks(weights, plan, block, blocks));

  const exponent = exponentFor(
    largestAmplitude(weights, plan, blocks, searches) * (factor === null ? 1 : FEEDBACK_HEADROOM),
  );
  const ulp = 2 ** exponent;
  const symbols = new Int8Array(rows * perRow);
  const scales = new Uint8Array(rows * blocks.length);
  const means = plan.frame === 'fourier' ? new Int8Array(rows * blocks.length) : null;
  let signal = 0;
  let noise = 0;

  blocks.forEach((block, b) => {
    const search = searchFor(searches, block);
    const frame = frameOf(plan, block, signs);
    const target = new Float64Array(block.cols);
    const approximation = new Float64Array(block.cols);
    const errors = factor === null ? null : new Float64Array(rows * block.cols);
    for (let row = 0; row < rows; row++) {
      const first = row * cols + block.start;
      target.set(work.subarray(first, first + block.cols));
      const at = row * perRow + block.symbolOffset;
      const { mantissa, mean } = search.quantize(target, exponent, symbols, at);
      scales[row * blocks.length + b] = mantissa;
      if (means !== null) means[row * blocks.length + b] = mean;
      frame.synthesize(symbols, at, mantissa, mean, approximation);
      for (let i = 0; i < block.cols; i++) {
        const value = approximation[i]! * ulp;
        const original = weights[first + i]!;
        signal += original * original;
        noise += (original - value) ** 2;
        if (errors !== null) errors[row * block.cols + i] = target[i]! - value;
      }
    }
    if (factor !== null && errors !== null) {
      feedForward(work, errors, factor, plan, block, rule);
    }
  });
  const snrDb = noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  return { quantized: { symbols, scales, means, exponent }, snrDb };
}

/**
 * The weights that a quantized linear stands for: rows × cols, row-major, m · 2^E times the integer frame, rounded to float32.
 *
 * @throws InputError if the arrays do not fit the plan
 */
export function dequantizeLinear(quantized: QuantizedLinear, plan: PlanLinear, signs: readonly string[]): Float32Array {
  const { rows, cols } = plan;
  const { symbols, scales, means, exponent } = quantized;
  const blocks = blocksOf(plan);
  const perRow = symbolsPerRow(plan);
  const meanCount = plan.frame === 'fourier' ? rows * blocks.length : 0;
  if (
    symbols.length !== rows * perRow ||
    scales.length !== rows * blocks.length ||
    (means?.length ?? 0) !== meanCount
  ) {
    throw new InputError(`${plan.name}: the quantized weights do not have the plan's shape.`);
  }
  const ulp = 2 ** exponent;
  const weights = new Float32Array(rows * cols);
  blocks.forEach((block, b) => {
    const frame = frameOf(plan, block, signs);
    const values = new Float64Array(block.cols);
    for (let row = 0; row < rows; row++) {
      const scale = row * blocks.length + b;
      const at = row * perRow + block.symbolOffset;
      frame.synthesize(symbols, at, scales[scale]!, means === null ? 0 : means[scale]!, values);
      const first = row * cols + block.start;
      for (let i = 0; i < block.cols; i++) weights[first + i] = values[i]! * ulp;
    }
  });
  return weights;
}

function checkInput(weights: Float32Array, plan: PlanLinear, options: QuantizeLinearOptions): void {
  if (weights.length !== plan.rows * plan.cols) {
    throw new InputError(`${plan.name}: ${weights.length} weights are not the plan's ${plan.rows} × ${plan.cols}.`);
  }
  if (options.search === 'sigma-delta' && plan.frame === 'hadamard') {
    throw new InputError(
      `${plan.name}: a hadamard frame has no sigma-delta search, since its samples are not smooth; plan a fourier frame, or choose another search.`,
    );
  }
  if (options.hessian != null && options.hessian.cols !== plan.cols) {
    throw new InputError(`${plan.name}: the Hessian has ${options.hessian.cols} columns, the linear ${plan.cols}.`);
  }
  for (let i = 0; i < weights.length; i++) {
    if (!Number.isFinite(weights[i]!)) {
      const row = Math.floor(i / plan.cols);
      throw new InputError(`${plan.name}: the weight in row ${row}, column ${i % plan.cols} is ${weights[i]}.`);
    }
  }
}

type Searches = ReadonlyMap<LinearBlock, BlockSearch>;

/** One search per shape of block: the full ones share the first one's, and a shorter last block has its own. */
function createSearches(
  plan: PlanLinear,
  blocks: readonly LinearBlock[],
  signs: readonly string[],
  options: QuantizeLinearOptions,
): Searches {
  const searches = new Map<LinearBlock, BlockSearch>();
  for (const block of blocks) {
    if (searchOf(searches, block) === undefined) searches.set(block, createSearch(plan, block, signs, options));
  }
  return searches;
}

function createSearch(
  plan: PlanLinear,
  block: LinearBlock,
  signs: readonly string[],
  options: QuantizeLinearOptions,
): BlockSearch {
  const { alphabet } = plan;
  const frame: Frame = frameOf(plan, block, signs);
  if (options.search === 'sigma-delta') return sigmaDeltaSearch(block, signs[0]!, alphabet, options.sigmaDelta ?? {});
  const pass =
    plan.frame === 'hadamard' && block.cols === block.size
      ? hadamardGreedy(hadamardSegments(plan, block, signs), block.size, alphabet)
      : denseGreedy(frame.matrix(), block.samples, block.cols, alphabet);
  return greedySearch(pass, block.cols, block.samples, alphabet);
}

function searchOf(searches: Searches, block: LinearBlock): BlockSearch | undefined {
  for (const [shape, search] of searches) {
    if (shape.cols === block.cols && shape.size === block.size && shape.samples === block.samples) return search;
  }
  return undefined;
}

function searchFor(searches: Searches, block: LinearBlock): BlockSearch {
  const search = searchOf(searches, block);
  if (search === undefined) throw new RangeError(`no search for blocks of ${block.cols} columns`);
  return search;
}

/** Blocks of one shape, spread evenly over rows and columns. */
function sampleBlocks(
  weights: Float32Array,
  plan: PlanLinear,
  shape: LinearBlock,
  blocks: readonly LinearBlock[],
): Float64Array[] {
  const alike = blocks.filter((block) => block.cols === shape.cols);
  const count = alike.length * plan.rows;
  const sample: Float64Array[] = [];
  for (let i = 0; i < Math.min(SAMPLE_BLOCKS, count); i++) {
    const picked = Math.floor((i * count) / Math.min(SAMPLE_BLOCKS, count));
    const block = alike[picked % alike.length]!;
    const first = Math.floor(picked / alike.length) * plan.cols + block.start;
    sample.push(Float64Array.from(weights.subarray(first, first + block.cols)));
  }
  return sample;
}

function largestAmplitude(
  weights: Float32Array,
  plan: PlanLinear,
  blocks: readonly LinearBlock[],
  searches: Searches,
): number {
  let largest = 0;
  for (const block of blocks) {
    const search = searchFor(searches, block);
    const target = new Float64Array(block.cols);
    for (let row = 0; row < plan.rows; row++) {
      const first = row * plan.cols + block.start;
      target.set(weights.subarray(first, first + block.cols));
      largest = Math.max(largest, search.amplitude(target));
    }
  }
  return largest;
}

/**
 * W[:, e:] ← W[:, e:] − X · U[s:e, e:] for the block of columns [s, e), where X = (W − Q) / diag U, or (W − Q) · U[s:e, s:e]⁻¹.
 *
 * @param errors W − Q of the block, rows × block.cols; overwritten
 * @param factor U, cols × cols
 */
function feedForward(
  work: Float32Array,
  errors: Float64Array,
  factor: Float64Array,
  plan: PlanLinear,
  block: LinearBlock,
  rule: FeedbackRule,
): void {
  const { rows, cols } = plan;
  const end = block.start + block.cols;
  if (end === cols) return;
  const rest = cols - end;
  const later = new Float64Array(FEEDBACK_ROWS * rest);
  for (let first = 0; first < rows; first += FEEDBACK_ROWS) {
    const count = Math.min(FEEDBACK_ROWS, rows - first);
    for (let r = 0; r < count; r++) {
      const row = first + r;
      solveFeedback(errors.subarray(row * block.cols, (row + 1) * block.cols), factor, cols, block, rule);
      later.set(work.subarray(row * cols + end, (row + 1) * cols), r * rest);
    }
    subtractProduct(
      { data: later, offset: 0, stride: rest },
      { data: errors, offset: first * block.cols, stride: block.cols },
      { data: factor, offset: block.start * cols + end, stride: cols },
      count,
      rest,
      block.cols,
    );
    for (let r = 0; r < count; r++) work.set(later.subarray(r * rest, (r + 1) * rest), (first + r) * cols + end);
  }
}

/** Turns one row's W − Q of a block into its row of X, in place. */
function solveFeedback(
  error: Float64Array,
  factor: Float64Array,
  cols: number,
  block: LinearBlock,
  rule: FeedbackRule,
): void {
  for (let i = 0; i < error.length; i++) {
    const row = (block.start + i) * cols + block.start;
    const value = error[i]! / factor[row + i]!;
    error[i] = value;
    if (rule === 'published') continue;
    for (let j = i + 1; j < error.length; j++) error[j] = error[j]! - value * factor[row + j]!;
  }
}
